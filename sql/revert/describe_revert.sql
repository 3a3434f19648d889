-- Says of a plan that it is a revert of another. Parameters: plan_id, undone_plan_id.
update jamf_sync.plans set reverts_plan_id = %(undone_plan_id)s where plan_id = %(plan_id)s
