-- Closes the open history rows of runs whose process is gone. Parameters: integration_id, error_message.
-- Yields the run_id of each. A run is dead if its lock (hold_run) can be taken; the lock is kept until the end of the transaction, so
-- two that look at once close a row once, and "finished_at is null" is checked again on the row itself: its run may have closed it
-- meanwhile. How long the run lasted is not known. integration_configs shows the end only if nothing ended later. What another
-- session holds locked is not waited for: a row of the history is left to the next run, and the integration shows the end of this one.
with open_runs as materialized (
  select run_id, history_id from jamf_sync.sync_runs
  where integration_id = %(integration_id)s and finished_at is null
),
free as materialized (
  select id from public.integration_sync_history
  where id in (select history_id from open_runs)
  for no key update skip locked
),
closable as (
  select open_runs.run_id
  from open_runs
  left join free on free.id = open_runs.history_id
  left join moss_contract.integration_sync_history() as history on history.id = open_runs.history_id
  where free.id is not null or history.id is null
),
dead as (
  update jamf_sync.sync_runs as run set finished_at = now(), presumed_dead_at = now()
  from closable
  where run.run_id = closable.run_id and run.finished_at is null
    and pg_try_advisory_xact_lock(hashtextextended('moss_jamf run ' || closable.run_id, 0))
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
  from (
    select id from public.integration_configs where id = %(integration_id)s
    for no key update skip locked
  ) as unlocked
  where integration.id = unlocked.id
    and exists (select from dead where dead.started_at > coalesce(integration.last_sync_at, '-infinity'))
)
select run_id from dead
