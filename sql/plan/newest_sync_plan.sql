-- The newest plan that a sync made: what is applied when nobody names a plan. Parameters: integration_id. Index: plans_newest.
select plan_id from jamf_sync.plans
where integration_id = %(integration_id)s and kind = 'sync'
order by plan_id desc
limit 1
