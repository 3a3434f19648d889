-- How many records wait to be looked at, and since when. Reads webhook_events. Parameters: integration_id. Yields one row.
select count(distinct (record_type, jamf_id)) as records, min(first_received_at) as since
from jamf_sync.webhook_events
where integration_id = %(integration_id)s
