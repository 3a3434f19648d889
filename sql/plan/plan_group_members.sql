-- Plans the members of static groups: adds whom JAMF lists and M.O.S.S. lacks, removes only members we added ourselves.
-- Parameters: integration_id, plan_id. Reads device_matches, group_matches, group_member_additions.
-- Devices are members where M.O.S.S. can hold them; where it holds people only (capability group_members_hold_devices is off) the
-- people assigned to the devices are members as well. A smart group never gets members, and one that was static loses ours.
-- A membership ends only when its device is still in JAMF and no longer lists the group: absence of the device proves nothing,
-- nor does a computer whose groups JAMF did not tell (null is not "none").
with people_only as (
  select not is_available as is_people_only from moss_contract.capabilities where name = 'group_members_hold_devices'
),
listed as materialized (
  select target.group_id, target.name as group_name, match.device_id, match.person_id
  from jamf_sync.device_matches as match
  join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
  cross join lateral unnest(computer.static_group_ids) as membership (jamf_group_id)
  join jamf_sync.group_matches as target
    on target.integration_id = %(integration_id)s and target.jamf_id = membership.jamf_group_id
   and not target.is_smart and target.group_id is not null
  where match.integration_id = %(integration_id)s and match.outcome in ('mapped', 'moved', 'matched', 'create')
),
wanted as materialized (
  select group_id, group_name, 'device' as member_type, device_id as member_id from listed
  union
  select group_id, group_name, 'person', person_id from listed, people_only where is_people_only and person_id is not null
),
present as materialized (
  select group_id, 'device' as member_type, device_id as member_id from moss_contract.group_device_members
  union all
  select group_id, 'person', person_id from moss_contract.group_person_members
),
told as materialized (
  select match.device_id, match.person_id, computer.static_group_ids is not null as is_told
  from jamf_sync.device_matches as match
  join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
  where match.integration_id = %(integration_id)s
),
surplus as materialized (
  select addition.group_id, addition.member_type, addition.member_id
  from jamf_sync.group_member_additions as addition
  join present using (group_id, member_type, member_id)
  where addition.integration_id = %(integration_id)s
    and not exists (
      select from wanted where (wanted.group_id, wanted.member_type, wanted.member_id)
                             = (addition.group_id, addition.member_type, addition.member_id))
    and exists (select from jamf_sync.group_matches as target
                where target.integration_id = %(integration_id)s and target.group_id = addition.group_id)
    and case addition.member_type
      when 'device' then exists (
        select from told where told.device_id = addition.member_id and told.is_told)
      else not exists (
        select from told where told.person_id = addition.member_id and not told.is_told) end
),
counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'group_member', (select count(*) from wanted) + (select count(*) from surplus), 0, 0,
         (select count(*) from wanted join present using (group_id, member_type, member_id))
)
insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason, after)
select %(plan_id)s, 'group_member', group_id, member_type, member_id::text, group_name, 'add', 'listed_by_jamf',
       jsonb_build_object('member_type', member_type, 'member_id', member_id)
from wanted
where not exists (
  select from present where (present.group_id, present.member_type, present.member_id)
                          = (wanted.group_id, wanted.member_type, wanted.member_id))
union all
select %(plan_id)s, 'group_member', group_id, member_type, member_id::text, null, 'remove', 'no_longer_listed_by_jamf',
       jsonb_build_object('member_type', member_type, 'member_id', member_id)
from surplus
