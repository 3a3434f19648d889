-- The newest usable capture of each collection. Parameters: integration_id. Index: captures_newest.
select distinct on (collection) collection, capture_id, status, captured_at, server, total_count, captured_count,
       incomplete_reasons, sweep
from jamf_sync.captures
where integration_id = %(integration_id)s and status in ('complete', 'incomplete')
order by collection, capture_id desc
