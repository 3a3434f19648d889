-- What a person's decision allows beyond the ownership table. These functions run with their owner's rights, because the writing role
-- may neither update M.O.S.S.-owned columns nor touch decisions (row-level security of jamf_sync.conflicts); each looks for the decision.

-- Writes JAMF's value into a field that M.O.S.S. owns, if a person decided exactly that for the value M.O.S.S. holds. A room of another
-- location is emptied with the location. Yields whether it wrote; false where nobody decided it, M.O.S.S. holds something else by now,
-- or the room is in another location. What it writes it enters into the ledger (owned_writes).
create function moss_contract.write_decided(
  object_type text, object_id uuid, field text, value text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  decided text[];
  present jsonb;
  owned jsonb;
begin
  select array_agg(decision.moss_value) into decided
  from jamf_sync.conflicts as decision
  where decision.object_type = write_decided.object_type and decision.object_id = write_decided.object_id
    and decision.field = write_decided.field and decision.kind = 'owned_field_differs'
    and decision.status = 'resolved' and decision.resolution = 'take_jamf' and decision.jamf_value = write_decided.value;
  if decided is null then
    return false;
  end if;
  if object_type || '.' || field not in ('person.username', 'person.full_name', 'person.department', 'device.asset_tag', 'device.location_id', 'device.room_id') then
    raise invalid_parameter_value using message = format('%s of a %s is not written by decision', field, object_type);
  end if;
  -- Locked first, so that what is looked at is what is replaced.
  if object_type = 'device' then
    perform from public.devices as stored where stored.id = object_id for no key update;
  else
    perform from public.people as stored where stored.id = object_id for no key update;
  end if;
  select stored.values into present
  from moss_contract.object_values() as stored
  where stored.object_type = write_decided.object_type and stored.id = write_decided.object_id;
  if present is null or not exists (
    select from unnest(decided) as replaced where replaced is not distinct from present ->> field) then
    return false;
  end if;
  owned := jsonb_build_object(field, value);
  if field = 'location_id' and present ->> 'room_id' is not null and not exists (
    select from moss_contract.rooms() as room
    where room.id::text = present ->> 'room_id' and room.location_id::text = value) then
    owned := owned || '{"room_id": null}';
  elsif field = 'room_id' and not exists (
    select from moss_contract.rooms() as room
    where room.id::text = value and room.location_id::text = present ->> 'location_id') then
    return false;
  end if;
  perform moss_contract.put_owned(object_type, object_id, owned);
  insert into jamf_sync.owned_writes (object_type, object_id, field, replaced, written)
  select object_type, object_id, put.key, present ->> put.key, put.value
  from jsonb_each_text(owned) as put;
  return true;
end $$;

-- Notes on the decisions that the waiting rows of a plan carry out that they were: one to take JAMF's value is over then, one to keep
-- M.O.S.S.'s goes on without writing again. It can only end a decision, never make one; and only one that M.O.S.S. shows to be
-- carried out: the field holds what was decided, the link is there, or is not.
create function moss_contract.carry_out_decisions(plan bigint, of_type text, first_row bigint, last_row bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with asked as materialized (
    select decision.conflict_id, decision.kind, decision.resolution, decision.integration_id,
           decision.object_type, decision.object_id, decision.external_type, decision.external_id,
           decision.field, decision.jamf_value, decision.moss_value, planned.plan_id
    from jamf_sync.conflicts as decision
    join jamf_sync.plans as own on own.integration_id = decision.integration_id
    join jamf_sync.change_plan as planned on planned.plan_id = own.plan_id
    where own.plan_id = plan and planned.object_type = of_type and planned.outcome is null
      and planned.row_id between first_row and last_row
      and decision.status = 'resolved' and decision.carried_out_by_plan is null
      and decision.object_type = case planned.object_type when 'mapping' then planned.label else planned.object_type end
      and (decision.object_id = planned.object_id
        -- What was decided about a JAMF record that is no object yet.
        or decision.object_id is null and decision.external_type = planned.external_type)
      and case
        when decision.kind in ('identity_contradicted', 'link_lost')
          then decision.external_type = planned.external_type and decision.external_id = planned.external_id
           and case when decision.kind = 'link_lost' or decision.resolution = 'keep_moss' then planned.action = 'create'
                    else planned.action in ('link', 'move', 'update') end
           and not (decision.kind = 'link_lost' and decision.resolution = 'keep_moss')
        when decision.object_id is null then false
        when decision.kind = 'serial_not_linked'
          then decision.external_id = planned.external_id
           and planned.action = case decision.resolution when 'take_jamf' then 'link' when 'keep_moss' then 'unlink' end
        when decision.resolution = 'take_jamf'
          then planned.rules ->> decision.field = 'decided_take_jamf' and planned.after ->> decision.field = decision.jamf_value
        else decision.kind = 'human_edit_overwritten' and planned.rules ->> decision.field in ('decided_keep_moss', 'pinned')
          and planned.after ->> decision.field is not distinct from decision.moss_value end
  ),
  seen as (
    select asked.conflict_id, asked.plan_id, case
        when asked.kind in ('identity_contradicted', 'link_lost') then link.is_there
        when asked.kind = 'serial_not_linked'
          then coalesce(link.is_to_object, false) = (asked.resolution = 'take_jamf')
        when asked.resolution = 'take_jamf' then present.values ->> asked.field = asked.jamf_value
        else present.values ->> asked.field is not distinct from asked.moss_value end as is_carried_out
    from asked
    left join lateral (
      select true as is_there, mapping.internal_id = asked.object_id as is_to_object
      from moss_contract.integration_object_mappings() as mapping
      where mapping.integration_config_id = asked.integration_id and mapping.external_id = asked.external_id
        and mapping.external_type = asked.external_type
        and coalesce(mapping.sync_status, '') not in ('deleted_external', 'deleted_internal')
    ) as link on true
    left join lateral (
      select stored.values from moss_contract.object_values() as stored
      where stored.object_type = asked.object_type and stored.id = asked.object_id
    ) as present on true
  )
  update jamf_sync.conflicts as decision
  set carried_out_by_plan = seen.plan_id,
      status = case decision.resolution when 'take_jamf' then 'closed' else decision.status end,
      closed_at = case decision.resolution when 'take_jamf' then now() end
  from seen
  where decision.conflict_id = seen.conflict_id and seen.is_carried_out
$$;

revoke all on function moss_contract.write_decided from public;
revoke all on function moss_contract.carry_out_decisions from public;
