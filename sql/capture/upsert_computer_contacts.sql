-- Keeps each device's newest contact times, and notes which of them JAMF gave as of the future: they are not used.
-- Parameters: integration_id, collection. Run after insert_new_versions. Writes jamf_computer_contacts, quarantine.
-- Rows that did not move are taken out first: a conflict that is found and then left alone still locks, and logs, its row.
-- A note belongs to the current version of a device and is made once, however often the time is read; it goes when a
-- reading brings one that can be. Staging leaves these notes alone (staging/delete_quarantine_of_versions).
with readings as materialized (
  -- Every device that was read or listed, with what lies in the future.
  select jamf_id, future_times from incoming_records
  union all
  select listed.jamf_id, listed.future_times from listed_records as listed
  where not exists (
    select from incoming_records as incoming where incoming.jamf_id = listed.jamf_id)
),
found as materialized (
  select version.version_id, version.jamf_id, time.key as field, time.value
  from readings
  cross join lateral jsonb_each_text(readings.future_times) as time
  join jamf_sync.raw_jamf as version
    on version.collection = %(collection)s and version.integration_id = %(integration_id)s
   and version.valid_to_capture is null and version.jamf_id = readings.jamf_id
  where readings.future_times is not null
),
standing as materialized (
  select held.quarantine_id, held.version_id, held.jamf_id, held.field
  from jamf_sync.quarantine as held
  where held.integration_id = %(integration_id)s and held.collection = %(collection)s
    and held.reason = 'time_in_future' and held.field in ('last_contact_at', 'reported_at')
),
over as (
  delete from jamf_sync.quarantine as held using standing
  where held.quarantine_id = standing.quarantine_id
    and exists (select from readings where readings.jamf_id = standing.jamf_id)
    and not exists (
      select from found
      where found.version_id = standing.version_id and found.field = standing.field)
),
noted as (
  insert into jamf_sync.quarantine
    (integration_id, collection, version_id, jamf_id, field, reason, detail, is_whole_record)
  select %(integration_id)s, %(collection)s, found.version_id, found.jamf_id, found.field,
         'time_in_future',
         quote_literal(left(found.value, 60)) || ' is in the future; it counts as unknown.', false
  from found
  where not exists (
    select from standing
    where standing.version_id = found.version_id and standing.field = found.field)
)
insert into jamf_sync.jamf_computer_contacts (integration_id, jamf_id, last_contact_at, reported_at)
select %(integration_id)s, jamf_id, last_contact_at, reported_at from incoming_records
except
select integration_id, jamf_id, last_contact_at, reported_at from jamf_sync.jamf_computer_contacts
where integration_id = %(integration_id)s
on conflict (integration_id, jamf_id) do update
set last_contact_at = excluded.last_contact_at, reported_at = excluded.reported_at
