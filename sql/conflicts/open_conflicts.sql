-- The open conflicts of an integration, newest first. Parameters: integration_id, kind (or null), row_limit.
select conflict_id, kind, object_type, object_id, external_id, label, field, jamf_value, moss_value, opened_at, detail
from jamf_sync.conflicts
where integration_id = %(integration_id)s and status = 'open' and (%(kind)s::text is null or kind = %(kind)s)
order by conflict_id desc
limit %(row_limit)s
