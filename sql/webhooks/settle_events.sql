-- Forgets the events of a run that came to its end, and counts them: what it looked at is in M.O.S.S. A record that JAMF did not send, or
-- only as it was before, stays taken, and is looked at a second time (take_events); then it counts as unknown for an hour.
-- Reads and writes webhook_events, webhook_counts, webhook_unknown_records. Parameters: integration_id, run_id, looks.
with settled as (
  delete from jamf_sync.webhook_events
  where integration_id = %(integration_id)s and taken_by = %(run_id)s and was_found is not null
    and (was_found or attempts >= %(looks)s)
  returning event, record_type, jamf_id, times, received_at, was_found
),
unknown as (
  insert into jamf_sync.webhook_unknown_records (integration_id, record_type, jamf_id, until)
  select distinct %(integration_id)s::uuid, settled.record_type, settled.jamf_id,
         now() + interval '1 hour'
  from settled
  left join jamf_sync.raw_jamf as version
    on version.collection = settled.record_type || 's'
   and version.integration_id = %(integration_id)s
   and version.valid_to_capture is null and version.jamf_id = settled.jamf_id
  where not settled.was_found and version.version_id is null
  on conflict (integration_id, record_type, jamf_id) do update set until = excluded.until
)
insert into jamf_sync.webhook_counts (integration_id, event, received, last_received_at)
select %(integration_id)s, event, sum(times), max(received_at)
from settled group by event order by event
on conflict (integration_id, event) do update
set received = webhook_counts.received + excluded.received,
    last_received_at = greatest(webhook_counts.last_received_at, excluded.last_received_at)
