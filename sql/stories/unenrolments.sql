-- When devices were last marked unenrolled, and why. Parameters: integration_id, ids (uuid[]).
-- Grain: one device; of those that no kept plan marked there is none. Index: change_plan_history.
select distinct on (change.object_id) change.object_id, change.applied_at, change.reason,
       change.plan_id
from jamf_sync.change_plan as change
join jamf_sync.plans as plan on plan.plan_id = change.plan_id
where change.object_type = 'mapping' and change.object_id = any (%(ids)s)
  and plan.integration_id = %(integration_id)s and change.action = 'unenroll'
  and change.outcome = 'applied'
order by change.object_id, change.row_id desc
