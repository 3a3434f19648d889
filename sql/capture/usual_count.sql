-- How many objects a collection usually has: the median of the captures before this one. Parameters: integration_id, collection, capture_id.
-- Of the last ten that were complete; null where there are fewer than three, which say nothing. Index: captures_newest.
select case when count(*) >= 3 then percentile_cont(0.5) within group (order by captured_count)::integer end as usual
from (
  select captured_count from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = %(collection)s and status = 'complete'
    and capture_id < %(capture_id)s
  order by capture_id desc limit 10
) as earlier
