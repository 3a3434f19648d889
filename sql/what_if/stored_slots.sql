-- The newest slots that something is stored of. Parameters: integration_id, row_limit. Grain: one slot.
select coverage.slot, array_agg(coverage.collection order by coverage.collection) as collections
from jamf_sync.slot_captures as coverage
join jamf_sync.captures as capture using (capture_id)
where coverage.integration_id = %(integration_id)s and capture.status in ('complete', 'incomplete')
group by coverage.slot
order by coverage.slot desc
limit %(row_limit)s
