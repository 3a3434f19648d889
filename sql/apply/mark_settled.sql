-- Says when rows of one type were refused that were planned as refused: a revert does that with what cannot be undone.
-- Parameters: plan_id, object_type. Last step of the transaction that applies the type.
update jamf_sync.change_plan set applied_at = now()
where plan_id = %(plan_id)s and object_type = %(object_type)s
  and outcome = 'refused' and applied_at is null
