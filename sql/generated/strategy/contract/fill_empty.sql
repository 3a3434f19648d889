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
        case when coalesce(btrim(stored.asset_tag), '') = ''
              and planned.rules ->> 'asset_tag' is distinct from 'decided_take_jamf'
          then planned.after ->> 'asset_tag' end as asset_tag,
        case when stored.location_id is null
              and planned.rules ->> 'location_id' is distinct from 'decided_take_jamf'
          then planned.after ->> 'location_id' end as location_id,
        case when stored.room_id is null
              and planned.rules ->> 'room_id' is distinct from 'decided_take_jamf'
          then planned.after ->> 'room_id' end as room_id
      from jamf_sync.change_plan as planned
      join public.devices as stored on stored.id = planned.object_id
      where planned.plan_id = plan and planned.object_type = of_type and planned.action <> 'create'
        and planned.reason not in ('reverted', 'link_declined') and planned.outcome is null
        and planned.row_id between first_row and last_row
        and planned.after ?| array['asset_tag', 'location_id', 'room_id']
      for no key update of stored
    ),
    filling as materialized (
      select wished.*
      from wished
      join public.devices as stored on stored.id = wished.id
      left join moss_contract.rooms() as room on room.id = wished.room_id::uuid
      where wished.room_id is null
         or room.location_id::text = coalesce(stored.location_id::text, wished.location_id)
    ),
    noted as (
      insert into jamf_sync.owned_writes (object_type, object_id, field, replaced, written)
      select of_type, filling.id, field.name, null, field.value
      from filling cross join lateral (values ('asset_tag', filling.asset_tag), ('location_id', filling.location_id),
                                              ('room_id', filling.room_id)) as field (name, value)
      where field.value is not null
    )
    select jsonb_agg(jsonb_build_object('id', filling.id, 'asset_tag', jamf_sync.storable(filling.asset_tag), 'location_id', filling.location_id,
                                                          'room_id', filling.room_id))
    into contents
    from filling where num_nonnulls(filling.asset_tag, filling.location_id, filling.room_id) > 0;
    if contents is not null then
      perform moss_contract.open_public();
      update public.devices as stored
      set asset_tag = coalesce(filled.asset_tag, stored.asset_tag),
          location_id = coalesce(filled.location_id, stored.location_id),
          room_id = coalesce(filled.room_id, stored.room_id)
      from pg_catalog.jsonb_to_recordset(contents) as filled (
        id pg_catalog.uuid, asset_tag pg_catalog.text, location_id pg_catalog.uuid, room_id pg_catalog.uuid)
      where stored.id operator(pg_catalog.=) filled.id;
      get diagnostics written = row_count;
    end if;
  when 'person' then
    with filling as materialized (
      select stored.id,
        case when coalesce(btrim(stored.username), '') = ''
              and planned.rules ->> 'username' is distinct from 'decided_take_jamf'
          then planned.after ->> 'username' end as username,
        case when coalesce(btrim(stored.full_name), '') = ''
              and planned.rules ->> 'full_name' is distinct from 'decided_take_jamf'
          then planned.after ->> 'full_name' end as full_name,
        case when coalesce(btrim(stored.department), '') = ''
              and planned.rules ->> 'department' is distinct from 'decided_take_jamf'
          then planned.after ->> 'department' end as department
      from jamf_sync.change_plan as planned
      join public.people as stored on stored.id = planned.object_id
      where planned.plan_id = plan and planned.object_type = of_type and planned.action <> 'create'
        and planned.reason not in ('reverted', 'link_declined') and planned.outcome is null
        and planned.row_id between first_row and last_row
        and planned.after ?| array['username', 'full_name', 'department']
      for no key update of stored
    ),
    noted as (
      insert into jamf_sync.owned_writes (object_type, object_id, field, replaced, written)
      select of_type, filling.id, field.name, null, field.value
      from filling cross join lateral (values ('username', filling.username), ('full_name', filling.full_name),
                                              ('department', filling.department)) as field (name, value)
      where field.value is not null
    )
    select jsonb_agg(jsonb_build_object('id', filling.id, 'username', jamf_sync.storable(filling.username),
                                                          'full_name', jamf_sync.storable(filling.full_name),
                                                          'department', jamf_sync.storable(filling.department)))
    into contents
    from filling where num_nonnulls(filling.username, filling.full_name, filling.department) > 0;
    if contents is not null then
      perform moss_contract.open_public();
      update public.people as stored
      set username = coalesce(filled.username, stored.username),
          full_name = coalesce(filled.full_name, stored.full_name),
          department = coalesce(filled.department, stored.department)
      from pg_catalog.jsonb_to_recordset(contents) as filled (
        id pg_catalog.uuid, username pg_catalog.text, full_name pg_catalog.text, department pg_catalog.text)
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
