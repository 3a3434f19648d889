-- Forgets captures older than the retention, except the newest usable one of each collection and the newest complete full sweep of
-- each, by which it is known when the next is due: slots they covered go with them.
-- Parameters: integration_id, retention_days. Run before delete_versions, in the same transaction.
delete from jamf_sync.captures as capture
where capture.integration_id = %(integration_id)s
  and capture.started_at < now() - make_interval(days => %(retention_days)s)
  and capture.capture_id not in (
    select max(newest.capture_id) from jamf_sync.captures as newest
    where newest.integration_id = %(integration_id)s and newest.status in ('complete', 'incomplete')
    group by newest.collection)
  and capture.capture_id not in (
    select max(whole.capture_id) from jamf_sync.captures as whole
    where whole.integration_id = %(integration_id)s and whole.status = 'complete' and whole.sweep = 'full'
    group by whole.collection)
