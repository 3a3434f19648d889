-- The span of rows of one type that still wait to be applied; no row if none does. Parameters: plan_id, object_type.
-- Reads outcome_counts, which knows it wherever rows changed (count_outcomes): the rows themselves may be hundreds of megabytes.
select sum(rows)::bigint as pending, coalesce(sum(rows) filter (where action <> 'create'), 0)::bigint as changing, min(first_row) as first_row, max(last_row) as last_row
from jamf_sync.outcome_counts
where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome is null
having count(*) > 0
