-- Which plans people undid, the newest first. Parameters: integration_id, since, row_limit. Reads plans, run_plans, sync_runs.
-- Grain: one revert.
select plan.plan_id, plan.created_at, run.triggered_by, count(*) over () as total
from jamf_sync.plans as plan
left join jamf_sync.run_plans as chosen on chosen.plan_id = plan.plan_id
left join jamf_sync.sync_runs as run on run.run_id = chosen.run_id
where plan.integration_id = %(integration_id)s and plan.kind = 'revert' and plan.created_at >= %(since)s
order by plan.plan_id desc
limit %(row_limit)s
