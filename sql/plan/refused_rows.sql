-- How many rows of a plan were refused because M.O.S.S. moved. Parameters: plan_id, since (or null): only what was refused from then on.
-- Grain: one object type.
select object_type, count(*) as refused
from jamf_sync.change_plan
where plan_id = %(plan_id)s and outcome = 'refused'
  and (%(since)s::timestamptz is null or applied_at >= %(since)s)
group by object_type
order by object_type
