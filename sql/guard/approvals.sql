-- What was approved of a plan, by whom, and why. Parameters: plan_id. Grain: one kind.
select kind, approved_by, approved_at, run_id, released, reason
from jamf_sync.plan_approvals
where plan_id = %(plan_id)s
order by kind
