-- Says of the rows that this transaction left locked who holds them. Parameters: plan_id,
-- object_type, detail, held_by (or null). `now()` is when the transaction began.
update jamf_sync.change_plan
set outcome_detail = %(detail)s,
    details = details || jsonb_strip_nulls(jsonb_build_object('held_by', %(held_by)s::text))
where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome = 'locked'
  and applied_at = now()
