-- Marks what is left of a row range as applied, and says when what was refused was; last step of its transaction.
-- Parameters: plan_id, object_type, first_row, last_row.
update jamf_sync.change_plan
set outcome = coalesce(outcome, 'applied'), applied_at = now()
where plan_id = %(plan_id)s and object_type = %(object_type)s
  and (outcome is null or outcome = 'refused' and applied_at is null)
  and row_id between %(first_row)s and %(last_row)s
