-- Deletes plans, which are the change log, older than their retention, except the newest applied one. Their rows go with them.
-- Parameters: integration_id, plan_retention_days. Open conflicts and applied values are kept elsewhere and stay.
delete from jamf_sync.plans as plan
where plan.integration_id = %(integration_id)s
  and plan.created_at < now() - make_interval(days => %(plan_retention_days)s)
  and plan.plan_id is distinct from (
    select max(plan_id) from jamf_sync.plans where integration_id = %(integration_id)s and status = 'applied')
