-- The span of rows of one type that still wait to be applied. Parameters: plan_id, object_type.
select count(*) as pending, min(row_id) as first_row, max(row_id) as last_row
from jamf_sync.change_plan
where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome is null
