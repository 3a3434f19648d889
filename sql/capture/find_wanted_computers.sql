-- Finds the listed computers that are new or changed, or of which that cannot be told; all others are as they were stored.
-- Parameters: integration_id, capture_id. Run after the whole listing is in listed_records.
-- New: without a current version. Changed: another report date than the stored version was read with, or another section GENERAL or
-- UDID (an administrator's edit of these moves no date). Not to be told: never reported, now or then; rejected by the capture before.
-- A stored stub (a personally-owned Mac) has no section GENERAL and differs from any. Index: raw_jamf_current.
with rejected_before as (
  select distinct rejected.jamf_id from jamf_sync.quarantine as rejected
  where rejected.jamf_id is not null and rejected.capture_id = (
    select max(before.capture_id) from jamf_sync.captures as before
    where before.integration_id = %(integration_id)s and before.collection = 'computers'
      and before.status in ('complete', 'incomplete') and before.capture_id < %(capture_id)s)
)
insert into wanted_records (jamf_id)
select listed.jamf_id
from listed_records as listed
left join jamf_sync.raw_jamf as version
  on version.collection = 'computers' and version.integration_id = %(integration_id)s
  and version.valid_to_capture is null and version.jamf_id = listed.jamf_id
left join jamf_sync.jamf_computer_contacts as contact
  on contact.integration_id = %(integration_id)s and contact.jamf_id = listed.jamf_id
left join rejected_before as rejected on rejected.jamf_id = listed.jamf_id
where listed.document ? 'general'
  and (version.version_id is null
    or listed.reported_at is null
    or listed.reported_at is distinct from contact.reported_at
    or version.document -> 'general' is distinct from listed.document -> 'general'
    or version.document -> 'udid' is distinct from listed.document -> 'udid'
    or rejected.jamf_id is not null)
