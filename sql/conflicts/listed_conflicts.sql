-- The conflicts of an integration that a person asks for, newest first. Parameters: integration_id, conflict_ids (or null), status (or null: any),
-- kind, field, object_type, label_pattern (each or null; the pattern is one of ILIKE), row_limit (or null). `total`: how many there are.
select conflict_id, kind, object_type, object_id, external_type, external_id, label, field, jamf_value, moss_value, base_value, status,
       opened_at, opened_by_plan, closed_at, resolution, resolution_reason, resolved_by, resolved_at, carried_out_by_plan, detail,
       count(*) over () as total
from jamf_sync.conflicts
where integration_id = %(integration_id)s
  and (%(conflict_ids)s::bigint[] is null or conflict_id = any (%(conflict_ids)s))
  and (%(status)s::text is null or status = %(status)s)
  and (%(kind)s::text is null or kind = %(kind)s)
  and (%(field)s::text is null or field = %(field)s)
  and (%(object_type)s::text is null or object_type = %(object_type)s)
  and (%(label_pattern)s::text is null or label ilike %(label_pattern)s)
order by conflict_id desc
limit %(row_limit)s
