-- The changes that JAMF asks for and a rule keeps from M.O.S.S., for people to read.
-- Parameters: plan_id, object_type (or null for all), row_limit, row_offset.
-- Grain: one field of one object, or an object that is left out as a whole; each row carries the
-- total. `serial_number`: of a device and what belongs to it.
select change.object_type, change.object_id, change.external_type, change.external_id, change.label,
       jamf_sync.serial_number_of(plan.integration_id, change.object_type, change.label,
         change.object_id, change.external_type, change.external_id, null) as serial_number,
       change.field, change.moss_value as before, change.jamf_value as after, change.rule, change.detail,
       count(*) over () as total
from jamf_sync.suppressed_changes as change
join jamf_sync.plans as plan using (plan_id)
where change.plan_id = %(plan_id)s
  and (%(object_type)s::text is null or change.object_type = %(object_type)s)
order by change.object_type, change.label, change.external_id, change.field
limit %(row_limit)s offset %(row_offset)s
