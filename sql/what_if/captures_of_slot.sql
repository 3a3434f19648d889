-- What JAMF held in a slot, as far as it is stored. Parameters: integration_id, slot. Grain: one collection.
-- A collection that was not captured in the slot itself is taken as it was captured last before (a sync of a part captures only that part).
select distinct on (coverage.collection) coverage.collection, coverage.slot, capture.capture_id, capture.status, capture.captured_at,
       capture.captured_count, capture.rejected_count, capture.incomplete_reasons
from jamf_sync.slot_captures as coverage
join jamf_sync.captures as capture using (capture_id)
where coverage.integration_id = %(integration_id)s and coverage.slot <= %(slot)s and capture.status in ('complete', 'incomplete')
order by coverage.collection, coverage.slot desc
