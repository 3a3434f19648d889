-- The latest plans of an integration. Parameters: integration_id, row_limit, row_offset.
-- Grain: one plan. `held`: whether the guard holds some of it and nobody approved; `total`: how
-- many plans there are, counted by itself so that `held` is looked up for the page only.
select plan.plan_id, plan.kind, plan.status, plan.slot, plan.created_at, plan.applied_at,
       plan.object_types,
       exists (
         select from jamf_sync.plan_guard as guard
         where guard.plan_id = plan.plan_id and guard.is_over and not exists (
           select from jamf_sync.plan_approvals as approval
           where approval.plan_id = guard.plan_id and approval.kind = guard.kind)) as held,
       (select count(*) from jamf_sync.plans as counted
        where counted.integration_id = %(integration_id)s) as total
from jamf_sync.plans as plan
where plan.integration_id = %(integration_id)s
order by plan.plan_id desc
limit %(row_limit)s offset %(row_offset)s
