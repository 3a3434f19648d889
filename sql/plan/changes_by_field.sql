-- A plan by the fields it changes. Parameters: plan_id, object_type (or null for all). Grain: type of object and field.
-- `held`: those of the changes that the guard holds; examples are "name: before → after", devices with their serial number.
with counted as (
  select object_type, field, owner, count(*) as changes, count(*) filter (where outcome = 'held') as held,
         array_agg(distinct rule) as rules,
         (array_agg(jsonb_build_object('row_id', row_id, 'before', before, 'after', after) order by row_id))[1:3] as examples
  from jamf_sync.change_plan_fields
  where plan_id = %(plan_id)s and (%(object_type)s::text is null or object_type = %(object_type)s)
  group by object_type, field, owner
)
select counted.object_type, counted.field, counted.owner, counted.changes, counted.held, counted.rules, named.examples
from counted
left join lateral (
  select array_agg(
           jsonb_build_object(
             'name', jamf_sync.named(coalesce(row.label, row.external_id),
               coalesce(row.after ->> 'serial_number', jamf_sync.serial_number_of(
                 plan.integration_id, row.object_type, row.label, row.object_id, row.external_type, row.external_id,
                 row.details))),
             'field', counted.field, 'before', given.before, 'after', given.after)
           order by row.row_id) as examples
  from unnest(counted.examples) as example (given)
  cross join lateral jsonb_to_record(example.given) as given (row_id bigint, before text, after text)
  join jamf_sync.plans as plan on plan.plan_id = %(plan_id)s
  join jamf_sync.change_plan as row on row.plan_id = plan.plan_id and row.row_id = given.row_id
) as named on true
order by counted.object_type, counted.changes desc, counted.field
