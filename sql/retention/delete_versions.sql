-- Deletes the closed versions of documents, with their typed rows and what staging said of them, that no kept capture can show.
-- Parameters: integration_id. A version is valid from one capture up to, not including, another: one that ended at or before the oldest
-- capture that is kept of its collection is part of no snapshot any more. Index: raw_jamf_closed.
with kept as materialized (
  select collection, min(capture_id) as oldest from jamf_sync.captures
  where integration_id = %(integration_id)s and status in ('complete', 'incomplete')
  group by collection
),
deleted as (
  delete from jamf_sync.raw_jamf as raw using kept
  where raw.integration_id = %(integration_id)s and raw.collection = kept.collection
    and raw.valid_to_capture is not null and raw.valid_to_capture <= kept.oldest
  returning raw.collection, raw.version_id
),
computers as (
  delete from jamf_sync.jamf_computers_snapshot as snapshot using deleted
  where deleted.collection in ('computers', 'mobile_devices') and snapshot.version_id = deleted.version_id
),
users as (
  delete from jamf_sync.jamf_users_snapshot as snapshot using deleted
  where deleted.collection = 'users' and snapshot.version_id = deleted.version_id
),
groups as (
  delete from jamf_sync.jamf_groups_snapshot as snapshot using deleted
  where deleted.collection = 'groups' and snapshot.version_id = deleted.version_id
),
buildings as (
  delete from jamf_sync.jamf_buildings_snapshot as snapshot using deleted
  where deleted.collection = 'buildings' and snapshot.version_id = deleted.version_id
),
departments as (
  delete from jamf_sync.jamf_departments_snapshot as snapshot using deleted
  where deleted.collection = 'departments' and snapshot.version_id = deleted.version_id
),
quarantined as (
  delete from jamf_sync.quarantine as held using deleted where held.version_id = deleted.version_id
)
select count(*) from deleted
