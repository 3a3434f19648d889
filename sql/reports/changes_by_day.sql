-- What syncs wrote day by day. Parameters: integration_id, since. Reads plans, outcome_counts. Grain: one day (UTC), type of
-- object and action; links are counted with their objects, and reverts with the rest.
select date_trunc('day', counted.settled_at, 'UTC') as day, counted.object_type, counted.action,
       sum(counted.rows)::bigint as rows
from jamf_sync.plans as plan
join jamf_sync.outcome_counts as counted on counted.plan_id = plan.plan_id
where plan.integration_id = %(integration_id)s and counted.settled_at >= %(since)s
  and counted.outcome = 'applied' and not counted.is_part and counted.object_type <> 'mapping'
  and counted.action <> 'agree'
group by 1, 2, 3
order by 1, 2, 3
