-- Whether a run has something to look at. Reads webhook_events, sync_runs, captures. Parameters: integration_id.
-- Yields one row: records (named by events that no run has taken, or one that is over or dead, and whose time has come), since (when the
-- first of them came), has_captures (whether there is a capture of computers to add to).
with at_work as materialized (
  select holder.taken_by
  from (
    select distinct taken_by from jamf_sync.webhook_events where integration_id = %(integration_id)s
  ) as holder
  join jamf_sync.sync_runs as run on run.run_id = holder.taken_by and run.finished_at is null
  where not pg_try_advisory_xact_lock(hashtextextended('moss_jamf run ' || holder.taken_by, 0))
)
select count(distinct (event.record_type, event.jamf_id)) as records,
       min(event.first_received_at) as since,
       exists (
         select from jamf_sync.captures as capture
         where capture.integration_id = %(integration_id)s and capture.collection = 'computers'
           and capture.status in ('complete', 'incomplete')) as has_captures
from jamf_sync.webhook_events as event
left join at_work on at_work.taken_by = event.taken_by
where event.integration_id = %(integration_id)s
  and (event.taken_by is null
    or at_work.taken_by is null and event.taken_at
      + least(interval '1 minute' * 2 ^ (event.attempts - 1), interval '15 minutes') <= now())
