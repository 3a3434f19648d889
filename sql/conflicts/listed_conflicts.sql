-- The conflicts of an integration that a person asks for, newest first. Parameters:
-- integration_id, conflict_ids (or null), like_conflict (or null: those that are about the same
-- kind, type of object, field and pair of values as this one), status (or null: any), kind, field,
-- object_type, label_pattern (each or null; the pattern is one of LIKE, in any case), row_limit (or null),
-- row_offset. Grain: one conflict; `serial_number`: of a device and what belongs to it; `total`: how many there are, however many are asked for.
with example as (
  select kind, object_type, field, jamf_value, moss_value
  from jamf_sync.conflicts
  where integration_id = %(integration_id)s and conflict_id = %(like_conflict)s
)
select conflict.conflict_id, conflict.kind, conflict.object_type, conflict.object_id,
       conflict.external_type, conflict.external_id, conflict.label,
       jamf_sync.serial_number_of(%(integration_id)s, conflict.object_type, conflict.label,
         conflict.object_id, conflict.external_type, conflict.external_id, null) as serial_number,
       conflict.field,
       conflict.jamf_value, conflict.moss_value, conflict.base_value, conflict.status,
       conflict.opened_at, conflict.opened_by_plan, conflict.closed_at, conflict.resolution,
       conflict.resolution_reason, conflict.resolved_by, conflict.resolved_at,
       conflict.carried_out_by_plan, conflict.detail, count(*) over () as total
from jamf_sync.conflicts as conflict
left join example on true
where conflict.integration_id = %(integration_id)s
  and (%(conflict_ids)s::bigint[] is null or conflict.conflict_id = any (%(conflict_ids)s))
  and (%(like_conflict)s::bigint is null or conflict.kind = example.kind
    and conflict.object_type = example.object_type
    and (conflict.field, conflict.jamf_value, conflict.moss_value)
      is not distinct from (example.field, example.jamf_value, example.moss_value))
  and (%(status)s::text is null or conflict.status = %(status)s)
  and (%(kind)s::text is null or conflict.kind = %(kind)s)
  and (%(field)s::text is null or conflict.field = %(field)s)
  and (%(object_type)s::text is null or conflict.object_type = %(object_type)s)
  and (%(label_pattern)s::text is null or jamf_sync.folded(conflict.label) like jamf_sync.folded(%(label_pattern)s))
order by conflict.conflict_id desc
limit %(row_limit)s offset %(row_offset)s
