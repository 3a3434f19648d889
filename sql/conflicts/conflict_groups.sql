-- The conflicts of an integration that a person asks for, those put together that are about the
-- same: one kind, type of object, field and pair of values ("North instead of HQ, 37 devices").
-- Parameters: integration_id, status (or null: any), kind, field, object_type, label_pattern (each
-- or null; the pattern is one of LIKE, in any case), row_limit, row_offset.
-- Grain: one group, the largest first; `conflict_id` is one of it, by which all are decided on;
-- `examples`: what the newest are called, devices with their serial number; `total`: how many groups
-- there are, however many are asked for.
with grouped as (
  select kind, object_type, field, moss_value, jamf_value, count(*) as conflicts,
         max(conflict_id) as conflict_id, max(opened_at) as newest_opened_at,
         (array_agg(conflict_id order by conflict_id desc))[1:3] as newest,
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
)
select grouped.kind, grouped.object_type, grouped.field, grouped.moss_value, grouped.jamf_value,
       grouped.conflicts, grouped.conflict_id, grouped.newest_opened_at, named.examples, grouped.total
from grouped
left join lateral (
  select array_agg(
           jamf_sync.named(coalesce(one.label, one.external_id), jamf_sync.serial_number_of(
             one.integration_id, one.object_type, one.label, one.object_id, one.external_type,
             one.external_id, null))
           order by one.conflict_id desc) as examples
  from unnest(grouped.newest) as newest (conflict_id)
  join jamf_sync.conflicts as one using (conflict_id)
) as named on true
order by grouped.conflicts desc, grouped.conflict_id desc
