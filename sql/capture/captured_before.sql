-- How many objects the last capture before this one that brought any brought; null if none did.
-- Parameters: integration_id, collection, capture_id. An empty listing is no measure of the next one.
select (
  select captured_count from jamf_sync.captures
  where integration_id = %(integration_id)s and collection = %(collection)s and status in ('complete', 'incomplete')
    and capture_id < %(capture_id)s and captured_count > 0
  order by capture_id desc limit 1
)
