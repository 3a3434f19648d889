-- Locks a plan, so that two runs never guard or release it at once. Parameters: plan_id. Yields its status.
select status from jamf_sync.plans where plan_id = %(plan_id)s for update
