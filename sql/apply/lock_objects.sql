-- Locks the people, devices, ios, groups or links that a row range changes, so that what is checked
-- next still holds when it is written. One that another session holds locked is not waited for: its
-- row is marked `locked`, and planned anew next time. Parameters: plan_id, object_type, first_row,
-- last_row. Touches no row of the plan when all locks are free: the first condition is asked once,
-- and counting what is held takes every lock there is to take. In id order, so that two
-- transactions never wait for each other. One that is gone is nobody's: `refuse_moved_objects`.
with planned as materialized (
  select row_id,
         case object_type when 'mapping' then (details ->> 'mapping_id')::uuid
                          else object_id end as id
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = %(object_type)s and action <> 'create'
    and outcome is null and row_id between %(first_row)s and %(last_row)s
),
people as materialized (
  select id from public.people
  where %(object_type)s = 'person' and id in (select id from planned)
  order by id for no key update skip locked
),
devices as materialized (
  select id from public.devices
  where %(object_type)s = 'device' and id in (select id from planned)
  order by id for no key update skip locked
),
ios as materialized (
  -- By a definer function: whoever locks a row has to have a right to change it.
  select id from moss_contract.lock_interfaces(
    case when %(object_type)s = 'io' then array(select id from planned) else '{}' end) as id
),
groups as materialized (
  select id from public.groups
  where %(object_type)s = 'group' and id in (select id from planned)
  order by id for no key update skip locked
),
mappings as materialized (
  select id from public.integration_object_mappings
  where %(object_type)s = 'mapping' and id in (select id from planned)
  order by id for no key update skip locked
),
held as materialized (
  select id from people union all select id from devices union all select id from ios
  union all select id from groups union all select id from mappings
),
there as (
  select id from public.people where %(object_type)s = 'person'
  union all select id from public.devices where %(object_type)s = 'device'
  union all select id from public.ios where %(object_type)s = 'io'
  union all select id from public.groups where %(object_type)s = 'group'
  union all select id from public.integration_object_mappings where %(object_type)s = 'mapping'
),
left_out as (
  select planned.row_id
  from planned
  join there on there.id = planned.id
  left join held on held.id = planned.id
  where (select count(*) from held) < (select count(distinct id) from planned) and held.id is null
)
update jamf_sync.change_plan as change
set outcome = 'locked', outcome_detail = null, applied_at = now()
from left_out
where change.row_id = left_out.row_id and change.row_id between %(first_row)s and %(last_row)s
