-- The changes of a plan to objects that M.O.S.S. has, those put together that are equal. Parameters:
-- plan_id, object_type, field, rule (each or null for all), row_limit, row_offset. Grain: one type of
-- object, field, pair of values, rule and outcome; the commonest first. Objects that are created are
-- left out: each of their fields is new. `examples`: what the first are called, devices with their
-- serial number; `total`: how many groups there are; `changes_in_all`: how many changes they hold.
with folded as (
  select object_type, field, owner, before, after, rule, outcome, count(*) as changes,
         (array_agg(row_id order by row_id))[1:3] as first_rows,
         count(*) over () as total, sum(count(*)) over ()::bigint as changes_in_all
  from jamf_sync.change_plan_fields
  where plan_id = %(plan_id)s and action not in ('create', 'agree')
    and (%(object_type)s::text is null or object_type = %(object_type)s)
    and (%(field)s::text is null or field = %(field)s)
    and (%(rule)s::text is null or rule = %(rule)s)
  group by object_type, field, owner, before, after, rule, outcome
  order by changes desc, object_type, field, before, after, outcome
  limit %(row_limit)s offset %(row_offset)s
)
select folded.object_type, folded.field, folded.owner, folded.before, folded.after, folded.rule, folded.outcome,
       folded.changes, named.examples, folded.total, folded.changes_in_all
from folded
left join lateral (
  select array_agg(
           jamf_sync.named(coalesce(row.label, row.external_id),
             coalesce(row.after ->> 'serial_number', jamf_sync.serial_number_of(
               plan.integration_id, row.object_type, row.label, row.object_id, row.external_type,
               row.external_id, row.details)))
           order by row.row_id) as examples
  from unnest(folded.first_rows) as first_row (row_id)
  join jamf_sync.plans as plan on plan.plan_id = %(plan_id)s
  join jamf_sync.change_plan as row on row.plan_id = plan.plan_id and row.row_id = first_row.row_id
) as named on true
order by folded.changes desc, folded.object_type, folded.field, folded.before, folded.after, folded.outcome
