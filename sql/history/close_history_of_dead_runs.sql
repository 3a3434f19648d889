-- Closes the open history rows of runs whose process is gone. Parameters: integration_id, error_message.
-- Yields the run_id of each. A run is dead if its lock (hold_run) can be taken; the lock is kept until the end of the transaction, so
-- two that look at once close a row once, and "finished_at is null" is checked again on the row itself: its run may have closed it
-- meanwhile. How long the run lasted is not known. integration_configs shows the end only if nothing ended later.
with open_runs as materialized (
  select run_id from jamf_sync.sync_runs where integration_id = %(integration_id)s and finished_at is null
),
dead as (
  update jamf_sync.sync_runs as run set finished_at = now(), presumed_dead_at = now()
  from open_runs
  where run.run_id = open_runs.run_id and run.finished_at is null
    and pg_try_advisory_xact_lock(hashtextextended('moss_jamf run ' || open_runs.run_id, 0))
  returning run.run_id, run.history_id, run.started_at
),
closed as (
  update public.integration_sync_history as history
  set status = 'failed', sync_completed_at = now(), error_message = %(error_message)s
  from dead where history.id = dead.history_id
),
shown as (
  update public.integration_configs as integration
  set last_sync_at = now(), last_sync_status = 'failed', last_sync_error = %(error_message)s
  where integration.id = %(integration_id)s
    and exists (select from dead where dead.started_at > coalesce(integration.last_sync_at, '-infinity'))
)
select run_id from dead
