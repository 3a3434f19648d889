-- Ends, at this capture, the versions whose object came back with another content.
-- Parameters: integration_id, collection, capture_id. Index: raw_jamf_current.
update jamf_sync.raw_jamf as version
set valid_to_capture = %(capture_id)s
from incoming_records as incoming
where version.collection = %(collection)s
  and version.integration_id = %(integration_id)s
  and version.valid_to_capture is null
  and version.jamf_id = incoming.jamf_id
  and version.content_hash <> incoming.content_hash
