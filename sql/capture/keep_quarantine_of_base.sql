-- Keeps, of a targeted capture, what the capture before it could not use of records that were not read now. Reads and writes quarantine.
-- Parameters: integration_id, collection, capture_id, base_capture. Run after the records that were read now are in incoming_records, and
-- what was rejected of them in quarantine. Index: quarantine_by_capture.
insert into jamf_sync.quarantine
  (integration_id, collection, jamf_id, capture_id, field, reason, detail, is_whole_record, created_at)
select held.integration_id, held.collection, held.jamf_id, %(capture_id)s, held.field, held.reason,
       held.detail, held.is_whole_record, held.created_at
from jamf_sync.quarantine as held
where held.capture_id = %(base_capture)s
  and held.integration_id = %(integration_id)s and held.collection = %(collection)s
  and not exists (select from incoming_records as incoming where incoming.jamf_id = held.jamf_id)
  and not exists (
    select from jamf_sync.quarantine as now
    where now.capture_id = %(capture_id)s and now.jamf_id = held.jamf_id)
