-- What a person's decision allows beyond the ownership table. These functions run with their owner's rights, because the writing role
-- may neither update M.O.S.S.-owned columns nor touch decisions (row-level security of jamf_sync.conflicts); each looks for the decision.

-- Writes JAMF's value into a field that M.O.S.S. owns, if a person decided exactly that for the value M.O.S.S. holds. A room of another
-- location is emptied with the location. Yields whether it wrote; false where nobody decided it, M.O.S.S. holds something else by now,
-- or the room is in another location.
create function moss_contract.write_decided(object_type text, object_id uuid, field text, value text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  decided text[];
  present text;
begin
  select array_agg(decision.moss_value) into decided
  from jamf_sync.conflicts as decision
  where decision.object_type = write_decided.object_type and decision.object_id = write_decided.object_id
    and decision.field = write_decided.field and decision.kind = 'owned_field_differs'
    and decision.status = 'resolved' and decision.resolution = 'take_jamf' and decision.jamf_value = write_decided.value;
  select stored.values ->> field into present
  from moss_contract.object_values() as stored
  where stored.object_type = write_decided.object_type and stored.id = write_decided.object_id;
  if not exists (select from unnest(decided) as replaced where replaced is not distinct from present) then
    return false;
  end if;
  case object_type || '.' || field
  when 'device.asset_tag' then
    update public.devices as stored set asset_tag = jamf_sync.storable(value)
    where stored.id = object_id;
  when 'device.location_id' then
    update public.devices as stored
    set location_id = value::uuid,
        room_id = (
          select room.id from moss_contract.rooms() as room
          where room.id = stored.room_id and room.location_id = value::uuid)
    where stored.id = object_id;
  when 'device.room_id' then
    update public.devices as stored set room_id = value::uuid
    where stored.id = object_id
      and stored.location_id = (
        select room.location_id from moss_contract.rooms() as room where room.id = value::uuid);
  when 'person.username' then
    update public.people as stored set username = jamf_sync.storable(value)
    where stored.id = object_id;
  when 'person.full_name' then
    update public.people as stored set full_name = jamf_sync.storable(value)
    where stored.id = object_id;
  else
    raise invalid_parameter_value using message = format('%s of a %s is not written by decision', field, object_type);
  end case;
  return found;
end $$;

-- Notes on the decisions that the waiting rows of a plan carry out that they were: one to take JAMF's value is over then, one to keep
-- M.O.S.S.'s goes on without writing again. It can only end a decision, never make one.
create function moss_contract.carry_out_decisions(plan bigint, of_type text, first_row bigint, last_row bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update jamf_sync.conflicts as decision
  set carried_out_by_plan = planned.plan_id,
      status = case decision.resolution when 'take_jamf' then 'closed' else decision.status end,
      closed_at = case decision.resolution when 'take_jamf' then now() end
  from jamf_sync.change_plan as planned
  join jamf_sync.plans as own using (plan_id)
  where planned.plan_id = plan and planned.object_type = of_type and planned.outcome is null
    and planned.row_id between first_row and last_row
    and decision.integration_id = own.integration_id and decision.status = 'resolved' and decision.carried_out_by_plan is null
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
$$;

revoke all on function moss_contract.write_decided from public;
revoke all on function moss_contract.carry_out_decisions from public;
