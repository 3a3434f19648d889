-- What became of the rows of a plan that M.O.S.S. did not take as they are. Parameters: plan_id, object_type, first_row, last_row.
-- Without an object_type, of all its rows. Read inside the trial, before it is rolled back.
select row_id, case when outcome in ('refused', 'failed', 'locked') then outcome else 'left_out' end as problem, outcome_detail as detail
from jamf_sync.change_plan
where plan_id = %(plan_id)s and outcome_detail is not null
  and (%(object_type)s::text is null or object_type = %(object_type)s and row_id between %(first_row)s and %(last_row)s)
order by row_id
