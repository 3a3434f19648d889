-- Holds what depends on held rows, with them. Parameters: plan_id. Run after everything else is
-- held. Of a device that is held whole, because it is not created yet or because its identity is
-- held, wait its interfaces, its memberships and the new document of its link: what a link last saw
-- of a machine moves only with the machine. Of a person who is held, the memberships; of a group, its members. Where groups
-- list people instead of devices, a membership follows the person of a device, and nothing says of
-- which: that of any person whom a held row names waits as well.
with whole as materialized (
  select object_type, object_id, min(held_as) as held_as from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type in ('device', 'person', 'group') and outcome = 'held'
    and (action = 'create' or held_as in ('reserial', 'relink'))
  group by object_type, object_id
),
people as materialized (
  select person_id, min(held_as) as held_as
  from (
    select object_id::text as person_id, held_as from whole where object_type = 'person'
    union all
    select named.person_id, change.held_as
    from jamf_sync.change_plan as change
    cross join lateral (
      values (change.before ->> 'assigned_to_person_id'), (change.after ->> 'assigned_to_person_id')
    ) as named (person_id)
    where change.plan_id = %(plan_id)s and change.object_type = 'device' and change.outcome = 'held'
  ) as named
  where person_id is not null
  group by person_id
),
dependants as (
  select change.row_id, whole.held_as
  from jamf_sync.change_plan as change
  join whole
    on whole.object_type = 'device' and whole.object_id::text = change.details ->> 'device_id'
  where change.plan_id = %(plan_id)s and change.object_type = 'io' and change.outcome is null
  union all
  select change.row_id, whole.held_as
  from jamf_sync.change_plan as change
  join whole on whole.object_type = 'device' and whole.object_id::text = change.external_id
  where change.plan_id = %(plan_id)s and change.object_type = 'group_member'
    and change.external_type = 'device' and change.outcome is null
  union all
  select change.row_id, whole.held_as
  from jamf_sync.change_plan as change
  join whole on whole.object_type = change.label and whole.object_id = change.object_id
  where change.plan_id = %(plan_id)s and change.object_type = 'mapping' and change.action = 'update'
    and change.outcome is null
  union all
  select change.row_id, whole.held_as
  from jamf_sync.change_plan as change
  join whole on whole.object_type = 'group' and whole.object_id = change.object_id
  where change.plan_id = %(plan_id)s and change.object_type = 'group_member' and change.outcome is null
  union all
  select change.row_id, people.held_as
  from jamf_sync.change_plan as change join people on people.person_id = change.external_id
  where change.plan_id = %(plan_id)s and change.object_type = 'group_member'
    and change.external_type = 'person' and change.outcome is null
)
update jamf_sync.change_plan as change
set outcome = 'held', held_as = dependants.held_as
from dependants
where change.row_id = dependants.row_id
