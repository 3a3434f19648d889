-- The one way to write a field that M.O.S.S. owns: only while it is empty (docs/who-wins.md, "Who wins
-- a field"). Runs with its owner's rights, because the writing role has none to update these columns; it can
-- change nothing that holds a value. The columns are those that the ownership table fills. What it fills it
-- enters into the ledger (owned_writes).

-- Fills what the waiting rows of a range ask for. A room only inside the device's location. What a person decided and what is put back
-- are other functions' work.
create function moss_contract.fill_empty(
  of_type text, plan bigint, first_row bigint, last_row bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  contents jsonb;
  written bigint;
begin
  case of_type
  when 'device' then
    with wished as materialized (
      select stored.id,
        {{ fillings of device }}
      from jamf_sync.change_plan as planned
      join {{ devices }} as stored on stored.id = planned.object_id
      where planned.plan_id = plan and planned.object_type = of_type and planned.action <> 'create'
        and planned.reason not in ('reverted', 'link_declined') and planned.outcome is null
        and planned.row_id between first_row and last_row
        and planned.after ?| array[{{ filled fields of device }}]
      for no key update of stored
    ),
    filling as materialized (
      select wished.*
      from wished
      join {{ devices }} as stored on stored.id = wished.id
      left join moss_contract.rooms() as room on room.id = wished.room_id::uuid
      where wished.room_id is null
         or room.location_id::text = coalesce(stored.location_id::text, wished.location_id)
    ),
    noted as (
      insert into jamf_sync.owned_writes (object_type, object_id, field, replaced, written)
      select of_type, filling.id, field.name, null, field.value
      from filling cross join lateral (values {{ filled values of device }}) as field (name, value)
      where field.value is not null
    )
    select jsonb_agg(jsonb_build_object('id', filling.id, {{ stored fillings of device }}))
    into contents
    from filling where num_nonnulls({{ filled names of device }}) > 0;
    if contents is not null then
      perform moss_contract.open_public();
      update {{ devices }} as stored
      set {{ filled columns of device }}
      from pg_catalog.jsonb_to_recordset(contents) as filled (
        id pg_catalog.uuid, {{ filled types of device }})
      where stored.id operator(pg_catalog.=) filled.id;
      get diagnostics written = row_count;
    end if;
  when 'person' then
    with filling as materialized (
      select stored.id,
        {{ fillings of person }}
      from jamf_sync.change_plan as planned
      join {{ people }} as stored on stored.id = planned.object_id
      where planned.plan_id = plan and planned.object_type = of_type and planned.action <> 'create'
        and planned.reason not in ('reverted', 'link_declined') and planned.outcome is null
        and planned.row_id between first_row and last_row
        and planned.after ?| array[{{ filled fields of person }}]
      for no key update of stored
    ),
    noted as (
      insert into jamf_sync.owned_writes (object_type, object_id, field, replaced, written)
      select of_type, filling.id, field.name, null, field.value
      from filling cross join lateral (values {{ filled values of person }}) as field (name, value)
      where field.value is not null
    )
    select jsonb_agg(jsonb_build_object('id', filling.id, {{ stored fillings of person }}))
    into contents
    from filling where num_nonnulls({{ filled names of person }}) > 0;
    if contents is not null then
      perform moss_contract.open_public();
      update {{ people }} as stored
      set {{ filled columns of person }}
      from pg_catalog.jsonb_to_recordset(contents) as filled (
        id pg_catalog.uuid, {{ filled types of person }})
      where stored.id operator(pg_catalog.=) filled.id;
      get diagnostics written = row_count;
    end if;
  else
    raise invalid_parameter_value using message = format('no field of a %s is filled', of_type);
  end case;
  if contents is not null then
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    perform moss_contract.require_written(
      moss_contract.table_of(of_type)::text, jsonb_array_length(contents) - written);
  end if;
end $$;

revoke all on function moss_contract.fill_empty from public;
