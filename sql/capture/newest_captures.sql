-- The newest usable capture of each collection, and how many objects the earlier ones brought.
-- Parameters: integration_id, with_targeted (whether one of a few records by their ids counts as one). Grain: one collection. Index: captures_newest.
-- captured_before: the last one that brought any; null if none did (an empty listing is no measure). A targeted capture counts what the
-- one before it has, and is no measure either.
-- usual: the median of the last ten that were complete; null where there are fewer than three, which
-- say nothing.
with newest as (
  select distinct on (collection) collection, capture_id, status, captured_at, captured_count,
         changed_count, removed_count, rejected_count, incomplete_reasons, sweep
  from jamf_sync.captures
  where integration_id = %(integration_id)s and status in ('complete', 'incomplete')
    and (%(with_targeted)s or sweep <> 'targeted')
  order by collection, capture_id desc
)
select newest.collection, newest.capture_id, newest.status, newest.captured_at,
       newest.captured_count, newest.changed_count, newest.removed_count, newest.rejected_count,
       newest.incomplete_reasons, newest.sweep, before.captured_before, median.usual
from newest
left join lateral (
  select earlier.captured_count as captured_before
  from jamf_sync.captures as earlier
  where earlier.integration_id = %(integration_id)s and earlier.collection = newest.collection
    and earlier.status in ('complete', 'incomplete') and earlier.capture_id < newest.capture_id
    and earlier.captured_count > 0 and earlier.sweep <> 'targeted'
  order by earlier.capture_id desc
  limit 1
) as before on true
left join lateral (
  select case when count(*) >= 3
    then percentile_cont(0.5) within group (order by captured_count)::integer end as usual
  from (
    select complete.captured_count
    from jamf_sync.captures as complete
    where complete.integration_id = %(integration_id)s and complete.collection = newest.collection
      and complete.status = 'complete' and complete.sweep <> 'targeted'
      and complete.capture_id < newest.capture_id
    order by complete.capture_id desc
    limit 10
  ) as earlier
) as median on true
order by newest.collection
