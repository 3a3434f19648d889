-- How many rows of a plan were refused because M.O.S.S. moved. Parameters: plan_id, since (or null): only what was refused from then on.
-- Grain: one object type. Reads outcome_counts.
select object_type, sum(rows) as refused
from jamf_sync.outcome_counts
where plan_id = %(plan_id)s and outcome = 'refused'
  and (%(since)s::timestamptz is null or settled_at >= %(since)s)
group by object_type
order by object_type
