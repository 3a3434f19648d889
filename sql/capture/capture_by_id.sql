-- One finished capture. Parameters: capture_id.
select capture_id, collection, status, captured_at, captured_count, changed_count, removed_count, incomplete_reasons, sweep
from jamf_sync.captures
where capture_id = %(capture_id)s and status in ('complete', 'incomplete')
