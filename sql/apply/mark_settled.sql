-- Says when rows of one type were refused or rejected. Parameters: plan_id, object_type. Last step of the transaction that applies the type.
update jamf_sync.change_plan set applied_at = now()
where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome in ('refused', 'failed') and applied_at is null
