-- Which runs are known to have failed that the history of syncs does not have. Parameters: integration_id, sync_types (text[]).
-- Grain: one job.
select cause, seen_at
from jamf_sync.alerts
where integration_id = %(integration_id)s and kind = 'run_failed' and ended_at is null
  and cause <> all (%(sync_types)s)
