-- Deletes causes that are over for longer than plans are kept. Parameters: integration_id, plan_retention_days.
delete from jamf_sync.alerts
where integration_id = %(integration_id)s
  and ended_at < now() - make_interval(days => %(plan_retention_days)s)
