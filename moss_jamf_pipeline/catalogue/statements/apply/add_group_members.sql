-- Adds the planned members of groups and remembers which we added.
-- Parameters: integration_id, plan_id, first_row, last_row, add_to_privileged (whether groups that grant rights get people).
-- Refused: the group or the member does not exist (its own row failed), or the group grants rights by now. A member someone added
-- meanwhile stays theirs. People are added by the contract's definer function: a trigger of M.O.S.S. recounts licence seats.
with pending as materialized (
  select *, external_id::uuid as member_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'group_member' and action = 'add' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
possible as materialized (
  select pending.*
  from pending
  join moss_contract.groups() as moss_group on moss_group.id = pending.object_id
  left join moss_contract.devices() as device on device.id = pending.member_id
  left join moss_contract.people() as person on person.id = pending.member_id
  left join (select distinct group_id from moss_contract.groups_with_rights()) as privileged
    on privileged.group_id = pending.object_id
  where case pending.external_type
    when 'device' then device.id is not null
    else person.id is not null and (%(add_to_privileged)s or privileged.group_id is null) end
),
added_devices as (
  insert into {{ group_device_members }} (group_id, device_id)
  select object_id, member_id from possible where external_type = 'device'
  on conflict do nothing
  returning group_id, device_id
),
added_people as materialized (
  select object_id as group_id, member_id as person_id,
         moss_contract.add_person_to_group(object_id, member_id) as is_added
  from possible where external_type = 'person'
),
remembered as (
  insert into jamf_sync.group_member_additions (integration_id, group_id, member_type, member_id)
  select %(integration_id)s::uuid, group_id, 'device', device_id from added_devices
  union all
  select %(integration_id)s::uuid, group_id, 'person', person_id from added_people where is_added
  on conflict do nothing
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'The group or the member does not exist, or the group grants rights by now.'
from pending
where change.row_id = pending.row_id
  and change.row_id between %(first_row)s and %(last_row)s
  and not exists (select from possible where possible.row_id = pending.row_id)
