-- What a revert would do (before it is applied) and did (after). Parameters: plan_id.
-- Grain: one type of object, kind of undoing and outcome; rows and the fields they put back.
select case change.object_type when 'mapping' then change.label else change.object_type end as object_type,
       change.action, coalesce(change.outcome, 'waiting') as outcome, count(*) as objects,
       coalesce(sum((select count(*) from jsonb_object_keys(change.after))) filter (where change.action = 'update'), 0)::bigint as fields
from jamf_sync.change_plan as change
where change.plan_id = %(plan_id)s
group by 1, 2, 3
order by 1, 2, 3
