-- How many objects the capture before this one brought; no row's worth (null) for the first. Parameters: integration_id, collection, capture_id.
select (
  select captured_count from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = %(collection)s and status in ('complete', 'incomplete')
    and capture_id < %(capture_id)s
  order by capture_id desc limit 1
)
