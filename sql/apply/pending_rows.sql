-- The span of rows of one type that still wait to be applied; no row if none does. Parameters: plan_id, object_type, many.
-- `pending`: how many, as far as `many` and one more. Index: change_plan_rows, from both ends: where all of them wait, as they
-- mostly do, none but these is looked at.
with waiting as (
  select row_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome is null
  order by row_id
  limit %(many)s + 1
),
last_waiting as (
  select row_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome is null
  order by row_id desc
  limit 1
)
select pending, first_row, (select row_id from last_waiting) as last_row
from (select count(*) as pending, min(row_id) as first_row from waiting) as counted
where pending > 0
