-- Begins, at this capture, a version for every object that is new or changed; unchanged objects cost one index look-up.
-- Run after close_changed_versions. Parameters: integration_id, collection, capture_id. Index: raw_jamf_current.
insert into jamf_sync.raw_jamf (collection, integration_id, jamf_id, content_hash, document, valid_from_capture)
select %(collection)s, %(integration_id)s, incoming.jamf_id, incoming.content_hash, incoming.document::jsonb, %(capture_id)s
from incoming_records as incoming
where not exists (
  select from jamf_sync.raw_jamf as version
  where version.collection = %(collection)s and version.integration_id = %(integration_id)s
    and version.valid_to_capture is null and version.jamf_id = incoming.jamf_id
)
