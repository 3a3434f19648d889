-- What became of the rows of the newest plan of a sync. Parameters: integration_id. Reads plans, outcome_counts.
-- Grain: one type of object, action and outcome; an outcome that is not settled yet is called waiting.
select counted.object_type, counted.action, coalesce(counted.outcome, 'waiting') as outcome,
       sum(counted.rows)::bigint as rows
from jamf_sync.outcome_counts as counted
where not counted.is_part
  and counted.plan_id = (
    select max(plan_id) from jamf_sync.plans where integration_id = %(integration_id)s and kind = 'sync')
group by 1, 2, 3
order by 1, 2, 3
