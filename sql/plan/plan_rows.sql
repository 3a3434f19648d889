-- A page of a plan for people to read: what changes, and what is held or refused. Parameters: plan_id, object_type (or null for all),
-- guarded_kind (or null: only what is held as that), action, field, rule, label_pattern (each or null; the pattern is one of LIKE, in any
-- case), after_row (the last row_id of the page before, 0 for the first), row_limit.
-- Grain: one object; `fields` lists its changed fields with before, after, owner and rule; `problem` is what a trial said of it.
-- `evidence`: what the match said of who is who, if it did; `serial_number`: of a device and what belongs to it, the one it gets or has;
-- `link_of`: what the device of a link is called.
-- Rows that only note that values agree change nothing and are left out. Index: change_plan_rows.
select change.row_id, change.object_type, change.object_id, change.action, change.label, change.external_type, change.external_id,
       change.reason, change.outcome, change.outcome_detail, change.held_as, problem.problem, problem.detail as problem_detail,
       change.details -> 'evidence' as evidence, coalesce(fields.list, '[]') as fields,
       coalesce(change.after ->> 'serial_number', jamf_sync.serial_number_of(
         plan.integration_id, change.object_type, change.label, change.object_id, change.external_type, change.external_id,
         change.details)) as serial_number,
       jamf_sync.host_name_of(change.object_type, change.label, change.object_id) as link_of
from (
  select * from jamf_sync.change_plan
  where plan_id = %(plan_id)s and action <> 'agree' and row_id > %(after_row)s
    and (%(object_type)s::text is null or object_type = %(object_type)s)
    and (%(guarded_kind)s::text is null or held_as = %(guarded_kind)s)
    and (%(action)s::text is null or action = %(action)s)
    and (%(field)s::text is null or after ? %(field)s)
    and (%(rule)s::text is null or case when rules = '{}' then reason = %(rule)s else exists (
      select from jsonb_object_keys(after) as changed (name) where jamf_sync.rule_of(rules, changed.name) = %(rule)s) end)
    and (%(label_pattern)s::text is null
         or jamf_sync.folded(coalesce(label, external_id)) like jamf_sync.folded(%(label_pattern)s))
  order by row_id
  limit %(row_limit)s
) as change
join jamf_sync.plans as plan on plan.plan_id = %(plan_id)s
left join jamf_sync.plan_problems as problem on problem.plan_id = %(plan_id)s and problem.row_id = change.row_id
left join lateral (
  select jsonb_agg(jsonb_build_object(
           'field', field, 'before', before, 'after', after, 'owner', owner, 'rule', rule) order by field) as list
  from jamf_sync.change_plan_fields as field
  where field.plan_id = %(plan_id)s and field.row_id = change.row_id
) as fields on true
order by change.row_id
