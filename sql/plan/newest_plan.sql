-- The newest plan of an integration. Parameters: integration_id. Index: plans_newest.
select plan_id from jamf_sync.plans where integration_id = %(integration_id)s order by plan_id desc limit 1
