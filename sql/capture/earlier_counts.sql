-- How many objects earlier captures of a collection brought. Parameters: integration_id, collection,
-- capture_id. Yields one row. Index: captures_newest.
-- captured_before: the last one that brought any; null if none did (an empty listing is no measure).
-- usual: the median of the last ten that were complete; null where there are fewer than three, which
-- say nothing.
select
  (
    select captured_count from jamf_sync.captures
    where integration_id = %(integration_id)s and collection = %(collection)s
      and status in ('complete', 'incomplete') and capture_id < %(capture_id)s and captured_count > 0
    order by capture_id desc limit 1
  ) as captured_before,
  (
    select case when count(*) >= 3
      then percentile_cont(0.5) within group (order by captured_count)::integer end
    from (
      select captured_count from jamf_sync.captures
      where integration_id = %(integration_id)s and collection = %(collection)s
        and status = 'complete' and capture_id < %(capture_id)s
      order by capture_id desc limit 10
    ) as earlier
  ) as usual
