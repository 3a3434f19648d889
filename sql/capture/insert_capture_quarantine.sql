-- Records an object that JAMF could not serve or that is no object at all.
-- Parameters: integration_id, collection, jamf_id, capture_id, reason, detail.
insert into jamf_sync.quarantine (integration_id, collection, jamf_id, capture_id, reason, detail, is_whole_record)
values (%(integration_id)s, %(collection)s, %(jamf_id)s, %(capture_id)s, %(reason)s, %(detail)s, true)
