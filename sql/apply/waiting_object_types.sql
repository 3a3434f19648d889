-- The types of objects of which rows of a plan wait to be applied. Parameters: plan_id.
-- Grain: one type. Each is looked for by itself (index change_plan_rows): the first row will do.
select kind.object_type
from unnest(array['location', 'room', 'person', 'device', 'io', 'group', 'group_member', 'mapping'])
  as kind (object_type)
where exists (
  select from jamf_sync.change_plan as change
  where change.plan_id = %(plan_id)s and change.object_type = kind.object_type
    and change.outcome is null)
