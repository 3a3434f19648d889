-- Closes the history row of a run and shows its end on the integration.
-- Parameters: run_id, status, processed, created, updated, skipped, failed (counts), error_message, error_details.
-- Yields whether a row was closed, and whether the integration shows it: a row of its that another session holds locked is not
-- waited for (history/show_end does that). A row is closed once; a later call changes nothing, unless another run took this one for
-- dead: it knows better how it ended.
-- integration_configs knows success and failed: a partial run is a success there, with its reason in last_sync_error.
with finished as (
  update jamf_sync.sync_runs set finished_at = now(), presumed_dead_at = null
  where run_id = %(run_id)s and (finished_at is null or presumed_dead_at is not null)
  returning history_id, integration_id, started_at
),
closed as (
  update public.integration_sync_history as history
  set status = %(status)s, sync_completed_at = now(), items_processed = %(processed)s, items_created = %(created)s,
      items_updated = %(updated)s, items_skipped = %(skipped)s, items_failed = %(failed)s,
      error_message = %(error_message)s, error_details = %(error_details)s,
      duration_seconds = extract(epoch from now() - history.sync_started_at)
  from finished where history.id = finished.history_id
),
unlocked as materialized (
  select id from public.integration_configs where id in (select integration_id from finished)
  for no key update skip locked
),
shown as (
  update public.integration_configs as integration
  set last_sync_at = now(), last_sync_status = case when %(status)s = 'failed' then 'failed' else 'success' end,
      last_sync_error = %(error_message)s
  from unlocked where integration.id = unlocked.id
  returning integration.id
)
select exists (select from finished) as is_closed, exists (select from shown) as is_shown
