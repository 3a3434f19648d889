-- Lets held rows wait to be applied again. Parameters: plan_id, guarded_kinds (text[]). A row that was split off goes back into the one it
-- was taken out of where that one still waits, so that an object is not written twice at once; else it is applied by itself. Its details keep
-- as which kinds it was released (approved_as): who approved these is in plan_approvals.
with released as materialized (
  select row_id, split_from, held_as from jamf_sync.change_plan
  where plan_id = %(plan_id)s and outcome = 'held' and held_as = any (%(guarded_kinds)s)
),
merging as materialized (
  select released.row_id, released.split_from
  from released
  join jamf_sync.change_plan as original on original.row_id = released.split_from
  left join released as also_released on also_released.row_id = original.row_id
  where original.outcome is null or also_released.row_id is not null
),
returning_fields as materialized (
  select merging.split_from as row_id, jsonb_object_agg(field.key, part.before -> field.key) as before,
         jsonb_object_agg(field.key, field.value) as after, jsonb_object_agg(field.key, jamf_sync.rule_of(part.rules, field.key)) as rules
  from merging
  join jamf_sync.change_plan as part on part.row_id = merging.row_id
  cross join lateral jsonb_each(part.after) as field
  group by merging.split_from
),
merged as (
  delete from jamf_sync.change_plan as part using merging where part.row_id = merging.row_id
),
targets as (
  select coalesce(merging.split_from, released.row_id) as row_id, jsonb_agg(distinct released.held_as) as kinds
  from released
  left join merging on merging.row_id = released.row_id
  group by 1
)
update jamf_sync.change_plan as change
set outcome = null, held_as = null,
    details = change.details || jsonb_build_object('approved_as', targets.kinds),
    before = case when change.action = 'create' then change.before else change.before || coalesce(fields.before, '{}') end,
    after = change.after || coalesce(fields.after, '{}'), rules = change.rules || coalesce(fields.rules, '{}')
from targets left join returning_fields as fields on fields.row_id = targets.row_id
where change.row_id = targets.row_id
