-- What became of the rows of a plan that M.O.S.S. did not take as they are. Parameters: plan_id. Read inside the trial, before it is rolled back.
select row_id, case when outcome in ('refused', 'failed', 'locked') then outcome else 'left_out' end as problem, outcome_detail as detail
from jamf_sync.change_plan
where plan_id = %(plan_id)s and outcome_detail is not null
order by row_id
