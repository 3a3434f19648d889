-- A plan by the fields it changes. Parameters: plan_id, object_type (or null for all). Grain: type of object and field.
-- `held`: those of the changes that the guard holds; examples are "name: before → after".
select object_type, field, owner, count(*) as changes, count(*) filter (where outcome = 'held') as held,
       array_agg(distinct rule) as rules,
       (array_agg(jsonb_build_object('name', coalesce(label, external_id), 'field', field, 'before', before, 'after', after) order by row_id))[1:3] as examples
from jamf_sync.change_plan_fields
where plan_id = %(plan_id)s and (%(object_type)s::text is null or object_type = %(object_type)s)
group by object_type, field, owner
order by object_type, changes desc, field
