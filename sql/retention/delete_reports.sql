-- Deletes reports that are older than captures are kept, weekly ones than plans. Parameters: integration_id, retention_days,
-- plan_retention_days.
delete from jamf_sync.reports
where integration_id = %(integration_id)s
  and made_at < now() - make_interval(
    days => case when is_weekly then %(plan_retention_days)s else %(retention_days)s end)
