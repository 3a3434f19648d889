-- How many computers JAMF had day by day, by the last complete capture of each day. Parameters: integration_id, since. Reads
-- captures. Grain: one day (UTC) on which there was one.
select distinct on (date_trunc('day', captured_at, 'UTC'))
       date_trunc('day', captured_at, 'UTC') as day, captured_count as computers
from jamf_sync.captures
where integration_id = %(integration_id)s and collection = 'computers' and status = 'complete'
  and sweep <> 'targeted' and captured_at >= %(since)s
order by date_trunc('day', captured_at, 'UTC'), captured_at desc
