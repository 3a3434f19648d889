-- Records of a capture that JAMF could not serve and of which no earlier version is known: seen, but nowhere else counted.
-- Parameters: integration_id, collection, capture_id. Index: quarantine_by_capture.
select count(*)
from jamf_sync.quarantine as held
where held.capture_id = %(capture_id)s
  and not exists (
    select from jamf_sync.raw_jamf_at(%(integration_id)s, %(collection)s, %(capture_id)s) as raw where raw.jamf_id = held.jamf_id)
