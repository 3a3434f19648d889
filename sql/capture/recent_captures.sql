-- The captures of an integration, newest first. Parameters: integration_id, collection (or null
-- for all), row_limit, row_offset. Grain: one capture; `slots`: those it covers; `total`: how many
-- captures there are, however many are asked for.
select capture.capture_id, capture.collection, capture.status, capture.sweep, capture.started_at,
       capture.captured_at, capture.server, capture.server_version, capture.endpoint,
       capture.total_count, capture.captured_count, capture.fetched_count, capture.changed_count,
       capture.removed_count, capture.rejected_count, capture.requests, capture.bytes_received,
       capture.incomplete_reasons, coalesce(coverage.slots, '{}') as slots,
       (select count(*) from jamf_sync.captures as counted
        where counted.integration_id = %(integration_id)s
          and (%(collection)s::text is null or counted.collection = %(collection)s)) as total
from jamf_sync.captures as capture
left join lateral (
  select array_agg(covered.slot order by covered.slot) as slots
  from jamf_sync.slot_captures as covered
  where covered.integration_id = capture.integration_id
    and covered.collection = capture.collection and covered.capture_id = capture.capture_id
) as coverage on true
where capture.integration_id = %(integration_id)s
  and (%(collection)s::text is null or capture.collection = %(collection)s)
order by capture.capture_id desc
limit %(row_limit)s offset %(row_offset)s
