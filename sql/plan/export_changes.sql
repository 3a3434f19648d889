-- A whole plan, field by field, for a file. Parameters: plan_id. Grain: one field of one row, a row without fields once; then what rules keep
-- from M.O.S.S. Read through a server-side cursor, so that a plan of any size costs the memory of a page.
select change.row_id, change.object_type, change.object_id, change.external_type, change.external_id, change.label as name,
       change.action, field.key as field, change.before ->> field.key as before, field.value as after,
       coalesce(jamf_sync.rule_of(change.rules, field.key), change.reason) as rule, coalesce(change.outcome, 'waiting') as outcome,
       coalesce('held as ' || change.held_as, change.outcome_detail) as detail, problem.detail as problem
from jamf_sync.change_plan as change
left join lateral jsonb_each_text(change.after) as field on true
left join jamf_sync.plan_problems as problem on problem.plan_id = %(plan_id)s and problem.row_id = change.row_id
where change.plan_id = %(plan_id)s and change.action <> 'agree'
union all
select null, object_type, object_id, external_type, external_id, label, 'none', field, moss_value, jamf_value, rule, 'suppressed', detail, null
from jamf_sync.suppressed_changes
where plan_id = %(plan_id)s
