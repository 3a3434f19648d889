-- Which fields of existing objects syncs wrote most. Parameters: integration_id, since, row_limit. Reads plans,
-- outcome_counts, change_plan. Grain: one field of one type of object. Only plans of which something was written since are
-- looked at. Index: change_plan_rows.
with recent as materialized (
  select distinct plan.plan_id
  from jamf_sync.plans as plan
  join jamf_sync.outcome_counts as counted on counted.plan_id = plan.plan_id
  where plan.integration_id = %(integration_id)s and counted.settled_at >= %(since)s
    and counted.outcome = 'applied' and counted.action = 'update' and counted.object_type <> 'mapping'
)
select change.object_type, field.name as field, count(*) as changes
from recent
join jamf_sync.change_plan as change on change.plan_id = recent.plan_id
cross join lateral jsonb_object_keys(change.after) as field (name)
where change.action = 'update' and change.outcome = 'applied' and change.object_type <> 'mapping'
  and change.applied_at >= %(since)s
group by change.object_type, field.name
order by changes desc, change.object_type, field.name
limit %(row_limit)s
