-- Ends, at this capture, the versions of objects that JAMF no longer lists. To be run for a complete capture only:
-- from an incomplete one nobody can tell what is gone (docs/design.md, "What is promised").
-- Parameters: integration_id, collection, capture_id, rejected_ids (served, but unusable: not gone). Index: raw_jamf_current.
-- What was listed and not read, in an incremental capture, is there.
update jamf_sync.raw_jamf as version
set valid_to_capture = %(capture_id)s
where version.collection = %(collection)s
  and version.integration_id = %(integration_id)s
  and version.valid_to_capture is null
  and not exists (select from incoming_records as incoming where incoming.jamf_id = version.jamf_id)
  and not exists (select from listed_records as listed where listed.jamf_id = version.jamf_id)
  and version.jamf_id <> all (%(rejected_ids)s)
