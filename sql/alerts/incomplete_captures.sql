-- Collections that were read incompletely, or not at all, a number of times running. Parameters: integration_id, times. Reads
-- captures. Grain: one collection, with why the newest of them is incomplete.
with ranked as (
  select collection, status, incomplete_reasons, started_at,
         row_number() over (partition by collection order by capture_id desc) as place
  from jamf_sync.captures
  where integration_id = %(integration_id)s and status in ('complete', 'incomplete', 'failed')
    and sweep <> 'targeted'
)
select collection, min(started_at) as since,
       coalesce((array_agg(incomplete_reasons[1] order by place)
         filter (where incomplete_reasons <> '{}'))[1], '') as reason
from ranked
where place <= %(times)s
group by collection
having count(*) = %(times)s and bool_and(status <> 'complete')
order by collection
