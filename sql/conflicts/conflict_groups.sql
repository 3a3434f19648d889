-- The conflicts of an integration that a person asks for, those put together that are about the
-- same: one kind, type of object, field and pair of values ("North instead of HQ, 37 devices").
-- Parameters: integration_id, status (or null: any), kind, field, object_type, label_pattern (each
-- or null; the pattern is one of LIKE, in any case), row_limit, row_offset.
-- Grain: one group, the largest first; `conflict_id` is one of it, by which all are decided on;
-- `total`: how many groups there are, however many are asked for.
select kind, object_type, field, moss_value, jamf_value, count(*) as conflicts,
       max(conflict_id) as conflict_id, max(opened_at) as newest_opened_at,
       (array_agg(coalesce(label, external_id) order by conflict_id desc))[1:3] as examples,
       count(*) over () as total
from jamf_sync.conflicts
where integration_id = %(integration_id)s
  and (%(status)s::text is null or status = %(status)s)
  and (%(kind)s::text is null or kind = %(kind)s)
  and (%(field)s::text is null or field = %(field)s)
  and (%(object_type)s::text is null or object_type = %(object_type)s)
  and (%(label_pattern)s::text is null or jamf_sync.folded(label) like jamf_sync.folded(%(label_pattern)s))
group by kind, object_type, field, moss_value, jamf_value
order by conflicts desc, conflict_id desc
limit %(row_limit)s offset %(row_offset)s
