-- The plan that a run made. Parameters: integration_id, run_id. Index: plans_newest (a run's plan is among the newest).
select plan_id from jamf_sync.plans
where integration_id = %(integration_id)s and run_id = %(run_id)s
order by plan_id desc
limit 1
