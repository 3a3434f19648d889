-- The first problems that a trial of a plan found. Parameters: plan_id, row_limit.
-- Grain: one row of the plan; first why, then what it is about.
select found.problem, found.detail,
       jamf_sync.named(change.label, coalesce(change.after ->> 'serial_number',
         jamf_sync.serial_number_of(plan.integration_id, change.object_type, change.label,
           change.object_id, change.external_type, change.external_id, change.details))) as label,
       change.object_type, change.action, change.external_id, count(*) over () as total
from jamf_sync.plan_problems as found
join jamf_sync.change_plan as change on change.row_id = found.row_id
join jamf_sync.plans as plan on plan.plan_id = found.plan_id
where found.plan_id = %(plan_id)s
order by found.row_id
limit %(row_limit)s
