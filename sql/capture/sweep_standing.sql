-- What the stored captures of computers say about whether the next may be incremental. Parameters: integration_id.
-- Yields one row, or none before the first capture. Ages are by the database's clock, from the begin of the sweep: what was edited in
-- JAMF while it ran may be missing from it. Indexes: captures_newest, captures_newest_full_sweep.
select newest.status = 'complete' as newest_is_complete, whole.endpoint, whole.server_version, whole.document_shape,
       extract(epoch from now() - whole.started_at)::float8 / 3600 as full_age_hours
from (
  select status from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = 'computers' and status in ('complete', 'incomplete')
  order by capture_id desc limit 1
) as newest
left join (
  select endpoint, server_version, document_shape, started_at from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = 'computers' and status = 'complete' and sweep = 'full'
  order by capture_id desc limit 1
) as whole on true
