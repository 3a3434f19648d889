-- A plan by the rules that decided it. Parameters: plan_id, object_type (or null for all). Grain: rule, type of object and effect;
-- `changes` counts fields, or rows where no field changes; `examples` are what the first of them are called, devices with their
-- serial number. Effects: write (or written), held, refused, failed, locked, and suppressed: JAMF asks for it and the rule keeps it
-- from M.O.S.S. What is an example is named after the counting: three of each, not all.
with decided as (
  select change.row_id, change.object_type, rule.name as rule,
         coalesce(nullif(change.outcome, 'applied'), 'write') as effect, field.name as field, null::jsonb as left_out
  from jamf_sync.change_plan as change
  cross join lateral jsonb_object_keys(change.after) as field (name)
  cross join lateral (select jamf_sync.rule_of(change.rules, field.name) as name) as rule
  where change.plan_id = %(plan_id)s and change.action <> 'agree' and rule.name is not null
  union all
  select row_id, case object_type when 'mapping' then label else object_type end, reason,
         coalesce(nullif(outcome, 'applied'), 'write'), null, null
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and action <> 'agree' and rules = '{}'
  union all
  select null, change.object_type, change.rule, 'suppressed', change.field,
         jsonb_build_object('label', change.label, 'object_id', change.object_id, 'external_type', change.external_type,
           'external_id', change.external_id)
  from jamf_sync.suppressed_changes as change
  where change.plan_id = %(plan_id)s
),
counted as (
  select rule, object_type, effect, count(*) as changes,
         (array_agg(jsonb_build_object('row_id', row_id, 'field', field, 'left_out', left_out)
            order by row_id, left_out ->> 'label', field))[1:3] as examples
  from decided
  where %(object_type)s::text is null or object_type = %(object_type)s
  group by rule, object_type, effect
)
select counted.rule, counted.object_type, counted.effect, counted.changes, named.examples
from counted
left join lateral (
  select array_agg(
           jamf_sync.named(
             case when row.object_type = 'mapping' then coalesce(row.external_type || ' ', '') || row.external_id
                  else coalesce(row.label, row.external_id, given.left_out ->> 'label', given.left_out ->> 'external_id') end,
             coalesce(row.after ->> 'serial_number', jamf_sync.serial_number_of(
               plan.integration_id, coalesce(row.object_type, counted.object_type), row.label,
               coalesce(row.object_id, (given.left_out ->> 'object_id')::uuid),
               coalesce(row.external_type, given.left_out ->> 'external_type'),
               coalesce(row.external_id, given.left_out ->> 'external_id'), row.details)))
           || coalesce(' · ' || given.field, '')
           order by example.place) as examples
  from unnest(counted.examples) with ordinality as example (given, place)
  cross join lateral jsonb_to_record(example.given) as given (row_id bigint, field text, left_out jsonb)
  join jamf_sync.plans as plan on plan.plan_id = %(plan_id)s
  left join jamf_sync.change_plan as row on row.plan_id = plan.plan_id and row.row_id = given.row_id
) as named on true
order by counted.effect, counted.changes desc, counted.rule, counted.object_type
