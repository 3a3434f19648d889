-- Closes a capture of some records by their ids: it is as complete as the capture before it, and has what that has and what was added.
-- Reads quarantine; reads and writes captures. Yields the capture.
-- Parameters: capture_id, base_capture, sweep, server_version, endpoint, added_count, changed_count, requests, bytes_received,
-- fetched_count, document_shape. Run after keep_quarantine_of_base. What the base rejected and does not list one by one is rejected still.
update jamf_sync.captures as capture
set status = base.status, incomplete_reasons = base.incomplete_reasons, captured_at = now(),
    server_version = %(server_version)s, endpoint = %(endpoint)s, sweep = %(sweep)s,
    total_count = base.total_count, captured_count = base.captured_count + %(added_count)s,
    changed_count = %(changed_count)s, removed_count = 0,
    rejected_count = base.rejected_count
      - (select count(*) from jamf_sync.quarantine as held where held.capture_id = base.capture_id)
      + (select count(*) from jamf_sync.quarantine as held where held.capture_id = capture.capture_id),
    requests = %(requests)s, bytes_received = %(bytes_received)s,
    fetched_count = %(fetched_count)s, document_shape = %(document_shape)s
from jamf_sync.captures as base
where capture.capture_id = %(capture_id)s and base.capture_id = %(base_capture)s
returning capture.capture_id, capture.collection, capture.status, capture.captured_at,
          capture.captured_count, capture.changed_count, capture.removed_count,
          capture.rejected_count, capture.incomplete_reasons, capture.sweep
