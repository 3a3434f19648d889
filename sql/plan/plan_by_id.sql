-- One plan. Parameters: plan_id.
select plan_id, status, object_types, captures, created_at, applied_at from jamf_sync.plans where plan_id = %(plan_id)s
