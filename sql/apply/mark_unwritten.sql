-- Marks one row that was not written: PostgreSQL rejected it (`failed`, with its own words), or
-- another session holds what it needs (`locked`). Parameters: plan_id, row_id, outcome, detail.
update jamf_sync.change_plan
set outcome = %(outcome)s, outcome_detail = %(detail)s, applied_at = now()
where plan_id = %(plan_id)s and row_id = %(row_id)s
