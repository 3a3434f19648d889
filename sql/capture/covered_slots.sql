-- The stored captures of some slots. Parameters: integration_id, slots. Grain: collection and slot.
select coverage.collection, coverage.slot, coverage.capture_id
from jamf_sync.slot_captures as coverage
join jamf_sync.captures as capture using (capture_id)
where coverage.integration_id = %(integration_id)s
  and coverage.slot = any (%(slots)s::timestamptz[])
  and capture.status in ('complete', 'incomplete')
