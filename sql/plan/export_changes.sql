-- A whole plan, field by field, for a file. Parameters: plan_id. Grain: one field of one row, a row without fields once; then what rules keep
-- from M.O.S.S. `serial_number`: of a device and what belongs to it. Read through a server-side cursor, so that a plan of any size costs the memory of a page.
select change.row_id, change.object_type, change.object_id, change.external_type, change.external_id, change.label as name,
       device.serial_number,
       change.action, field.key as field, change.before ->> field.key as before, field.value as after,
       coalesce(jamf_sync.rule_of(change.rules, field.key), change.reason) as rule, coalesce(change.outcome, 'waiting') as outcome,
       coalesce('held as ' || change.held_as, change.outcome_detail) as detail, problem.detail as problem
from jamf_sync.change_plan as change
join jamf_sync.plans as plan using (plan_id)
-- Once for each row, before it becomes one for each field.
cross join lateral (
  select coalesce(change.after ->> 'serial_number', jamf_sync.serial_number_of(
    plan.integration_id, change.object_type, change.label, change.object_id, change.external_type, change.external_id,
    change.details)) as serial_number
  offset 0
) as device
left join lateral jsonb_each_text(change.after) as field on true
left join jamf_sync.plan_problems as problem on problem.plan_id = %(plan_id)s and problem.row_id = change.row_id
where change.plan_id = %(plan_id)s and change.action <> 'agree'
union all
select null, change.object_type, change.object_id, change.external_type, change.external_id, change.label,
       jamf_sync.serial_number_of(plan.integration_id, change.object_type, change.label, change.object_id, change.external_type,
         change.external_id, null),
       'none', change.field, change.moss_value, change.jamf_value, change.rule, 'suppressed', change.detail, null
from jamf_sync.suppressed_changes as change
join jamf_sync.plans as plan using (plan_id)
where change.plan_id = %(plan_id)s
