-- Marks a plan as being applied. Parameters: plan_id. Yields its status afterwards; it stays
-- `superseded` or `applied` if it is. Writes plans.
with begun as (
  update jamf_sync.plans set status = 'applying'
  where plan_id = %(plan_id)s and status = 'planned'
  returning status
)
select coalesce((select status from begun), plan.status) as status
from jamf_sync.plans as plan
where plan.plan_id = %(plan_id)s
