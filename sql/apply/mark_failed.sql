-- Marks one row that PostgreSQL refused, with its own words. Parameters: plan_id, row_id, detail.
update jamf_sync.change_plan
set outcome = 'failed', outcome_detail = %(detail)s, applied_at = now()
where plan_id = %(plan_id)s and row_id = %(row_id)s
