-- The stored captures of some slots. Parameters: integration_id, collection, slots. Yields slot, capture_id, captured_at.
select coverage.slot, coverage.capture_id, capture.captured_at
from jamf_sync.slot_captures as coverage
join jamf_sync.captures as capture using (capture_id)
where coverage.integration_id = %(integration_id)s and coverage.collection = %(collection)s
  and coverage.slot = any (%(slots)s::timestamptz[])
  and capture.status in ('complete', 'incomplete')
