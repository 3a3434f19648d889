-- Holds what depends on held rows, with them: interfaces and memberships of a device that is not created yet, memberships of a person
-- who is not. Parameters: plan_id. Run after everything else is held. Where groups list people instead of devices, a membership
-- follows the person of a device, and nothing says of which: that of any person whom a held row names waits as well.
with devices as materialized (
  select object_id::text as device_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'device' and action = 'create' and outcome = 'held'
),
people as materialized (
  select person_id, min(held_as) as held_as
  from (
    select object_id::text as person_id, held_as from jamf_sync.change_plan
    where plan_id = %(plan_id)s and object_type = 'person' and action = 'create' and outcome = 'held'
    union all
    select named.person_id, change.held_as
    from jamf_sync.change_plan as change
    cross join lateral (
      values (change.before ->> 'assigned_to_person_id'), (change.after ->> 'assigned_to_person_id')) as named (person_id)
    where change.plan_id = %(plan_id)s and change.object_type = 'device' and change.outcome = 'held'
  ) as named
  where person_id is not null
  group by person_id
),
dependants as (
  select change.row_id, 'create' as held_as
  from jamf_sync.change_plan as change join devices on devices.device_id = change.details ->> 'device_id'
  where change.plan_id = %(plan_id)s and change.object_type = 'io' and change.action = 'create' and change.outcome is null
  union all
  select change.row_id, 'create'
  from jamf_sync.change_plan as change join devices on devices.device_id = change.external_id
  where change.plan_id = %(plan_id)s and change.object_type = 'group_member' and change.external_type = 'device' and change.outcome is null
  union all
  select change.row_id, people.held_as
  from jamf_sync.change_plan as change join people on people.person_id = change.external_id
  where change.plan_id = %(plan_id)s and change.object_type = 'group_member' and change.external_type = 'person' and change.outcome is null
)
update jamf_sync.change_plan as change
set outcome = 'held', held_as = dependants.held_as
from dependants
where change.row_id = dependants.row_id
