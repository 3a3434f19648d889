-- Takes, for a run, the records that events named: the oldest first, so many of those that are stored and so many that are not, so that
-- invented ids cannot keep others waiting. Reads raw_jamf, sync_runs; reads and writes webhook_events.
-- Parameters: integration_id, run_id, record_type, collection, most_known, most_unknown.
-- Grain: one record, all of whose events are taken. Taken again is what a run had taken that is over or dead and did not settle it
-- (settle_events), after a while that doubles each time, or at once what this run had taken before it tried again.
-- Indexes: webhook_events_by_integration, raw_jamf_current.
with at_work as materialized (
  select holder.taken_by
  from (
    select distinct taken_by from jamf_sync.webhook_events
    where integration_id = %(integration_id)s and taken_by <> %(run_id)s
  ) as holder
  join jamf_sync.sync_runs as run on run.run_id = holder.taken_by and run.finished_at is null
  where not pg_try_advisory_xact_lock(hashtextextended('moss_jamf run ' || holder.taken_by, 0))
),
free as materialized (
  select event.event_id, event.jamf_id, event.first_received_at
  from jamf_sync.webhook_events as event
  left join at_work on at_work.taken_by = event.taken_by
  where event.integration_id = %(integration_id)s and event.record_type = %(record_type)s
    and (event.taken_by is null
      or event.taken_by = %(run_id)s
      or at_work.taken_by is null and event.taken_at
        + least(interval '1 minute' * 2 ^ (event.attempts - 1), interval '15 minutes') <= now())
),
records as (
  select free.jamf_id, min(free.first_received_at) as since,
         bool_or(version.version_id is not null) as is_known
  from free
  left join jamf_sync.raw_jamf as version
    on version.collection = %(collection)s and version.integration_id = %(integration_id)s
   and version.valid_to_capture is null and version.jamf_id = free.jamf_id
  group by free.jamf_id
),
ranked as (
  select jamf_id, is_known,
         row_number() over (partition by is_known order by since, jamf_id) as place
  from records
),
taken as (
  update jamf_sync.webhook_events as event
  set taken_by = %(run_id)s, taken_at = now(), was_found = null,
      attempts = event.attempts + case when event.taken_by is distinct from %(run_id)s then 1 else 0 end
  from free
  join ranked on ranked.jamf_id = free.jamf_id
    and ranked.place <= case when ranked.is_known then %(most_known)s else %(most_unknown)s end
  where event.event_id = free.event_id
  returning event.jamf_id
)
select distinct jamf_id from taken
