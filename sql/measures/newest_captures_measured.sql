-- What the newest capture of each collection took and brought. Parameters: integration_id. Grain: one collection.
-- One of a few records by their ids (targeted) is none of a collection.
-- Index: captures_newest.
select distinct on (collection) collection, sweep, captured_at, captured_count, rejected_count, requests, bytes_received,
       extract(epoch from captured_at - started_at)::float8 as seconds, status = 'complete' as is_complete
from jamf_sync.captures
where integration_id = %(integration_id)s and status in ('complete', 'incomplete')
  and sweep <> 'targeted'
order by collection, capture_id desc
