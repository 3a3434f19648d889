-- The changes that JAMF asks for and a rule keeps from M.O.S.S., for people to read.
-- Parameters: plan_id, object_type (or null for all), row_limit, row_offset.
-- Grain: one field of one object, or an object that is left out as a whole; each row carries the
-- total.
select object_type, object_id, external_type, external_id, label, field, moss_value as before,
       jamf_value as after, rule, detail, count(*) over () as total
from jamf_sync.suppressed_changes
where plan_id = %(plan_id)s and (%(object_type)s::text is null or object_type = %(object_type)s)
order by object_type, label, external_id, field
limit %(row_limit)s offset %(row_offset)s
