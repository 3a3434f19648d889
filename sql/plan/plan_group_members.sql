-- Plans the members of static groups: adds whom JAMF lists and M.O.S.S. lacks, removes only members we added ourselves.
-- Parameters: integration_id, plan_id, add_to_privileged (whether groups that grant rights get people).
-- Reads device_matches, group_matches, group_member_additions and the plan's device rows. Run after devices are planned.
-- Devices are members where M.O.S.S. can hold them; where it holds people only (capability group_members_hold_devices is off) the
-- people assigned to the member devices, as the plan leaves them, are members as well. A smart group never gets members, and one
-- that was static loses ours. A membership ends only when its device is still in JAMF and no longer lists the group: absence of
-- the device proves nothing, nor does a computer whose groups JAMF did not tell (null is not "none"). Of a device that was
-- deleted in M.O.S.S. the membership went with it: what is left of it in our own tables goes, for that reason; the person of a
-- computer that JAMF still lists stays, though the device is gone, and nobody is added for one.
-- A member that another JAMF server added and this one lists too is noted as added by both (agree), and leaves the group when both
-- let go: until then only the note of who lists it no longer goes (agree).
with people_only as (
  select not is_available as is_people_only from moss_contract.capabilities where name = 'group_members_hold_devices'
),
listed as materialized (
  select distinct target.group_id, match.device_id
  from jamf_sync.device_matches as match
  join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
  cross join lateral unnest(computer.static_group_ids) as membership (jamf_group_id)
  join jamf_sync.group_matches as target
    on target.integration_id = %(integration_id)s and target.jamf_id = membership.jamf_group_id
   and not target.is_smart and target.group_id is not null
  where match.integration_id = %(integration_id)s and match.outcome in ('mapped', 'moved', 'matched', 'create')
),
present as materialized (
  select group_id, 'device' as member_type, device_id as member_id from moss_contract.group_device_members()
  union all
  select group_id, 'person', person_id from moss_contract.group_person_members()
),
added as materialized (
  -- Our own members that are still there, of groups that JAMF still has.
  select addition.group_id, addition.member_type, addition.member_id, target.is_smart
  from jamf_sync.group_member_additions as addition
  join present using (group_id, member_type, member_id)
  join jamf_sync.group_matches as target on target.integration_id = %(integration_id)s and target.group_id = addition.group_id
  where addition.integration_id = %(integration_id)s
),
unlisted as materialized (
  select added.* from added
  where added.member_type = 'device'
    and not exists (select from listed where listed.group_id = added.group_id and listed.device_id = added.member_id)
),
gone as materialized (
  -- Members whose device was deleted in M.O.S.S.
  select unlisted.group_id, unlisted.member_type, unlisted.member_id
  from unlisted
  left join moss_contract.devices() as device on device.id = unlisted.member_id
  where device.id is null
),
told as materialized (
  select distinct match.device_id
  from jamf_sync.device_matches as match
  join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
  where match.integration_id = %(integration_id)s and computer.static_group_ids is not null
),
device_surplus as materialized (
  -- Joined, not looked up: a sub-query inside an OR is run anew for every member.
  select unlisted.group_id, unlisted.member_type, unlisted.member_id
  from unlisted
  left join told on told.device_id = unlisted.member_id
  where (unlisted.is_smart or told.device_id is not null)
    and not exists (select from gone where gone.group_id = unlisted.group_id and gone.member_id = unlisted.member_id)
),
member_devices as (
  -- Those of ours that JAMF lists are among the listed.
  select group_id, device_id from listed
  union all
  select group_id, member_id from unlisted
  where not exists (
    select from device_surplus as surplus where surplus.group_id = unlisted.group_id and surplus.member_id = unlisted.member_id)
    and not exists (select from gone where gone.group_id = unlisted.group_id and gone.member_id = unlisted.member_id)
),
assigned as materialized (
  select distinct member.group_id,
    case when change.after ? 'assigned_to_person_id' then (change.after ->> 'assigned_to_person_id')::uuid
         else device.assigned_to_person_id end as person_id
  from member_devices as member
  join people_only on people_only.is_people_only
  left join moss_contract.devices() as device on device.id = member.device_id
  left join jamf_sync.change_plan as change
    on change.plan_id = %(plan_id)s and change.object_type = 'device' and change.object_id = member.device_id
),
kept_people as materialized (
  -- Whom we added for a computer that JAMF lists and whose device is gone.
  select added.group_id, added.member_id as person_id
  from added
  join people_only on people_only.is_people_only
  join (
    select distinct target.group_id, match.person_id
    from jamf_sync.device_matches as match
    join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
    cross join lateral unnest(computer.static_group_ids) as membership (jamf_group_id)
    join jamf_sync.group_matches as target
      on target.integration_id = %(integration_id)s and target.jamf_id = membership.jamf_group_id
    where match.integration_id = %(integration_id)s and match.outcome = 'deleted_internal'
      and match.person_id is not null
  ) as deleted on deleted.group_id = added.group_id and deleted.person_id = added.member_id
  where added.member_type = 'person' and not added.is_smart
),
wanted as materialized (
  select group_id, 'device' as member_type, device_id as member_id from listed
  union
  select group_id, 'person', person_id from assigned where person_id is not null
  union
  select group_id, 'person', person_id from kept_people
),
placed as materialized (
  select wanted.group_id, wanted.member_type, wanted.member_id, present.member_id is not null as is_present
  from wanted left join present using (group_id, member_type, member_id)
),
surplus as materialized (
  select group_id, member_type, member_id, 'no_longer_listed_by_jamf' as reason from device_surplus
  union all
  select group_id, member_type, member_id, 'device_deleted_in_moss' from gone
  union all
  select group_id, member_type, member_id, 'no_longer_listed_by_jamf' from added
  where member_type = 'person' and not exists (
    select from wanted
    where wanted.group_id = added.group_id and wanted.member_type = 'person'
      and wanted.member_id = added.member_id)
),
added_by_others as materialized (
  select distinct addition.group_id, addition.member_type, addition.member_id
  from moss_contract.jamf_servers() as server
  join jamf_sync.group_member_additions as addition on addition.integration_id = server.integration_id
  where server.is_enabled and server.integration_id <> %(integration_id)s
),
shared as materialized (
  -- Of the members that another server added: what this one notes, for it lists them, and what it lets go.
  select wanted.group_id, wanted.member_type, wanted.member_id, 'added_by_other_server' as reason
  from added_by_others
  join wanted using (group_id, member_type, member_id)
  join present using (group_id, member_type, member_id)
  where not exists (
    select from added where (added.group_id, added.member_type, added.member_id)
                          = (wanted.group_id, wanted.member_type, wanted.member_id))
  union all
  select group_id, member_type, member_id, 'listed_by_other_server'
  from added_by_others join surplus using (group_id, member_type, member_id)
),
missing as materialized (
  select placed.group_id, placed.member_type, placed.member_id, target.jamf_id, target.name as group_name,
    placed.member_type = 'person' and not %(add_to_privileged)s and privileged.group_id is not null as is_withheld
  from placed
  join jamf_sync.group_matches as target on target.integration_id = %(integration_id)s and target.group_id = placed.group_id
  left join (select distinct group_id from moss_contract.groups_with_rights()) as privileged on privileged.group_id = placed.group_id
  where not placed.is_present
),
counted as (
  insert into jamf_sync.plan_counts (plan_id, object_type, seen, failed, skipped, unchanged)
  select %(plan_id)s, 'group_member', (select count(*) from wanted) + (select count(*) from surplus), 0,
         (select count(*) from missing where is_withheld),
         (select count(*) from placed where is_present)
           + (select count(*) from shared where reason = 'listed_by_other_server')
),
conflicts as (
  insert into jamf_sync.plan_conflicts (plan_id, object_type, object_id, external_type, external_id, label, kind, field, jamf_value, detail)
  select %(plan_id)s, 'group_member', group_id, 'computer_group', jamf_id, group_name, 'group_grants_rights', 'members',
         count(*) || ' people', 'Membership in this group grants rights in M.O.S.S., so the people of its computers are not added. '
         'Take the rights off the group, or set sync_settings.add_members_to_privileged_groups.'
  from missing where is_withheld
  group by group_id, jamf_id, group_name
)
insert into jamf_sync.change_plan (plan_id, object_type, object_id, external_type, external_id, label, action, reason, after)
select %(plan_id)s, 'group_member', group_id, member_type, member_id::text, group_name, 'add', 'listed_by_jamf',
       jsonb_build_object('member_type', member_type, 'member_id', member_id)
from missing where not is_withheld
union all
select %(plan_id)s, 'group_member', group_id, member_type, member_id::text, null, 'remove', reason,
       jsonb_build_object('member_type', member_type, 'member_id', member_id)
from surplus
where not exists (
  select from shared where (shared.group_id, shared.member_type, shared.member_id)
                         = (surplus.group_id, surplus.member_type, surplus.member_id))
union all
select %(plan_id)s, 'group_member', group_id, member_type, member_id::text, null, 'agree', reason,
       jsonb_build_object('member_type', member_type, 'member_id', member_id)
from shared
