-- A plan by the rules that decided it. Parameters: plan_id, object_type (or null for all). Grain: rule, type of object and effect; `changes`
-- counts fields, or rows where no field changes. Effects: write (or written), held, refused, failed, locked, and suppressed: JAMF asks for it and
-- the rule keeps it from M.O.S.S.
with decided as (
  select change.row_id, change.object_type, rule.name as rule, coalesce(nullif(change.outcome, 'applied'), 'write') as effect,
         coalesce(change.label, change.external_id) || ' · ' || field.name as example
  from jamf_sync.change_plan as change
  cross join lateral jsonb_object_keys(change.after) as field (name)
  cross join lateral (select jamf_sync.rule_of(change.rules, field.name) as name) as rule
  where change.plan_id = %(plan_id)s and change.action <> 'agree' and rule.name is not null
  union all
  select row_id, case object_type when 'mapping' then label else object_type end, reason, coalesce(nullif(outcome, 'applied'), 'write'),
         case object_type when 'mapping' then coalesce(external_type || ' ', '') || external_id
                          else coalesce(label, external_id) end
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and action <> 'agree' and rules = '{}'
  union all
  select null, object_type, rule, 'suppressed', coalesce(label, external_id) || coalesce(' · ' || field, '')
  from jamf_sync.suppressed_changes
  where plan_id = %(plan_id)s
)
select rule, object_type, effect, count(*) as changes, (array_agg(example order by row_id, example))[1:3] as examples
from decided
where %(object_type)s::text is null or object_type = %(object_type)s
group by rule, object_type, effect
order by effect, changes desc, rule, object_type
