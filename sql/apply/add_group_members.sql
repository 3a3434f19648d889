-- Adds the planned members of groups and remembers which we added. Parameters: integration_id, plan_id, first_row, last_row.
-- Refused: the group or the member does not exist (its own row failed). A member someone added meanwhile stays theirs.
with pending as (
  select *, external_id::uuid as member_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'group_member' and action = 'add' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
possible as (
  select * from pending
  where exists (select from moss_contract.groups as moss_group where moss_group.id = pending.object_id)
    and case pending.external_type
      when 'device' then exists (select from moss_contract.devices as device where device.id = pending.member_id)
      else exists (select from moss_contract.people as person where person.id = pending.member_id) end
),
added_devices as (
  insert into moss_contract.group_device_members (group_id, device_id)
  select object_id, member_id from possible where external_type = 'device'
  on conflict do nothing
  returning group_id, device_id
),
added_people as (
  insert into moss_contract.group_person_members (group_id, person_id)
  select object_id, member_id from possible where external_type = 'person'
  on conflict do nothing
  returning group_id, person_id
),
remembered as (
  insert into jamf_sync.group_member_additions (integration_id, group_id, member_type, member_id)
  select %(integration_id)s::uuid, group_id, 'device', device_id from added_devices
  union all
  select %(integration_id)s::uuid, group_id, 'person', person_id from added_people
  on conflict do nothing
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'The group or the member does not exist.'
from pending
where change.row_id = pending.row_id and not exists (select from possible where possible.row_id = pending.row_id)
