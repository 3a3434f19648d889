-- The plan of a kind that a run made. Parameters: integration_id, run_id, plan_kind. Index: plans_newest (it is among the newest).
select plan_id from jamf_sync.plans
where integration_id = %(integration_id)s and run_id = %(run_id)s and kind = %(plan_kind)s
order by plan_id desc
limit 1
