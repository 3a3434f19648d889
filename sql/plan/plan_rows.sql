-- The first rows of a plan for people to read: what changes, and what is refused or skipped. Parameters: plan_id, object_type
-- (or null for all), row_limit. Grain: one object; `fields` lists its changed fields with before, after, owner and rule.
-- Rows that only note that values agree change nothing and are left out. Index: change_plan_rows.
select change.row_id, change.object_type, change.object_id, change.action, change.label, change.external_type, change.external_id,
       change.reason, change.outcome, change.outcome_detail,
       coalesce(fields.list, '[]') as fields
from (
  select * from jamf_sync.change_plan
  where plan_id = %(plan_id)s and action <> 'agree' and (%(object_type)s::text is null or object_type = %(object_type)s)
  order by row_id
  limit %(row_limit)s
) as change
left join lateral (
  select jsonb_agg(jsonb_build_object(
           'field', field, 'before', before, 'after', after, 'owner', owner, 'rule', rule) order by field) as list
  from jamf_sync.change_plan_fields as field
  where field.plan_id = %(plan_id)s and field.row_id = change.row_id
) as fields on true
order by change.row_id
