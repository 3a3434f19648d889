-- Closes a capture that brought nothing. Parameters: capture_id.
update jamf_sync.captures set status = 'failed', captured_at = now()
where capture_id = %(capture_id)s and status = 'capturing'
