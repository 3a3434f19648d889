-- Opens a capture. Parameters: integration_id, collection, server. Yields its capture_id.
insert into jamf_sync.captures (integration_id, collection, server)
values (%(integration_id)s, %(collection)s, %(server)s)
returning capture_id
