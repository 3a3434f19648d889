-- Lets rows wait again that this run left because another session held them locked. Parameters:
-- plan_id, object_type, since (or null): only what was left from then on.
update jamf_sync.change_plan
set outcome = null, outcome_detail = null, applied_at = null, details = details - 'held_by'
where plan_id = %(plan_id)s and object_type = %(object_type)s and outcome = 'locked'
  and (%(since)s::timestamptz is null or applied_at >= %(since)s)
