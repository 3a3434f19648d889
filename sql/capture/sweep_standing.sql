-- What the stored captures of a collection say about whether the next may be incremental. Parameters: integration_id, collection.
-- Yields one row, or none before the first capture. Ages are by the database's clock, from the begin of the sweep: what was edited in
-- JAMF while it ran may be missing from it. What reading took counts to where it was merged; an incremental capture of more than
-- a week ago says nothing any more, so that one is tried again. Indexes: captures_newest, captures_newest_full_sweep.
select newest.status = 'complete' as newest_is_complete, whole.endpoint, whole.server_version, whole.document_shape,
       extract(epoch from now() - whole.started_at)::float8 / 3600 as full_age_hours,
       whole.seconds as full_seconds, partial.seconds as incremental_seconds
from (
  select status from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = %(collection)s and status in ('complete', 'incomplete')
  order by capture_id desc limit 1
) as newest
left join (
  select endpoint, server_version, document_shape, started_at,
         extract(epoch from captured_at - started_at)::float8 as seconds
  from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = %(collection)s and status = 'complete' and sweep = 'full'
  order by capture_id desc limit 1
) as whole on true
left join (
  select extract(epoch from captured_at - started_at)::float8 as seconds from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = %(collection)s and status = 'complete' and sweep = 'incremental'
    and started_at > now() - interval '7 days'
  order by capture_id desc limit 1
) as partial on true
