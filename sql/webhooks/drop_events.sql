-- Drops events that no run needs to look at, and counts them: those that a full sweep has seen, which began after they came and read
-- every record; of records that JAMF was found not to have; of a collection that is switched off; and those that were looked at in
-- vain too often. What comes again in this very moment stays. Forgets which records are unknown, where their time is over.
-- Reads captures, sync_runs; reads and writes webhook_events, webhook_counts, webhook_unknown_records.
-- Parameters: integration_id, run_id, record_type, collection, is_switched_off, most_attempts.
-- What a run that is alive has taken is left to it: its lock cannot be taken (history/close_history_of_dead_runs).
with at_work as materialized (
  select holder.taken_by
  from (
    select distinct taken_by from jamf_sync.webhook_events
    where integration_id = %(integration_id)s and taken_by <> %(run_id)s
  ) as holder
  join jamf_sync.sync_runs as run on run.run_id = holder.taken_by and run.finished_at is null
  where not pg_try_advisory_xact_lock(hashtextextended('moss_jamf run ' || holder.taken_by, 0))
),
whole as (
  select max(capture.started_at) as began_at
  from jamf_sync.captures as capture
  where capture.integration_id = %(integration_id)s and capture.collection = %(collection)s
    and capture.status = 'complete' and capture.sweep = 'full'
),
needless as materialized (
  select event.event_id, event.received_at
  from whole
  cross join jamf_sync.webhook_events as event
  left join at_work on at_work.taken_by = event.taken_by
  left join jamf_sync.webhook_unknown_records as unknown
    on unknown.integration_id = event.integration_id and unknown.record_type = event.record_type
   and unknown.jamf_id = event.jamf_id and unknown.until > now()
  where event.integration_id = %(integration_id)s and event.record_type = %(record_type)s
    and at_work.taken_by is null
    and (%(is_switched_off)s
      or event.received_at < whole.began_at
      or event.attempts >= %(most_attempts)s
      or unknown.jamf_id is not null)
),
over as (
  delete from jamf_sync.webhook_unknown_records
  where integration_id = %(integration_id)s and until <= now()
),
dropped as (
  delete from jamf_sync.webhook_events as event
  using needless
  where event.event_id = needless.event_id and event.received_at = needless.received_at
  returning event.event, event.times, event.received_at
)
insert into jamf_sync.webhook_counts (integration_id, event, received, last_received_at)
select %(integration_id)s, event, sum(times), max(received_at)
from dropped group by event order by event
on conflict (integration_id, event) do update
set received = webhook_counts.received + excluded.received,
    last_received_at = greatest(webhook_counts.last_received_at, excluded.last_received_at)
