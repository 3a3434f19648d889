-- What people let through, the newest first. Parameters: integration_id, since, row_limit. Grain: one kind of one plan.
select approval.plan_id, approval.kind, approval.released, approval.approved_by, approval.approved_at,
       approval.reason, count(*) over () as total
from jamf_sync.plan_approvals as approval
join jamf_sync.plans as plan on plan.plan_id = approval.plan_id
where plan.integration_id = %(integration_id)s and approval.approved_at >= %(since)s
order by approval.approved_at desc, approval.kind
limit %(row_limit)s
