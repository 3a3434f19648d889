-- The plan that a person wants undone, as far as that matters. Parameters: plan_id, integration_id.
-- `applied_rows`: what of it was written; `reverted_by`: the newest revert of it that was applied.
select plan.plan_id, plan.kind, plan.status, plan.object_types, plan.integration_id = %(integration_id)s as is_own,
       (select count(*) from jamf_sync.change_plan as change
        where change.plan_id = plan.plan_id and change.outcome = 'applied' and change.action <> 'agree') as applied_rows,
       (select max(revert.plan_id) from jamf_sync.plans as revert
        where revert.reverts_plan_id = plan.plan_id and revert.status = 'applied') as reverted_by
from jamf_sync.plans as plan
where plan.plan_id = %(plan_id)s
