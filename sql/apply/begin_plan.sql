-- Marks a plan as being applied. Parameters: plan_id.
update jamf_sync.plans set status = 'applying' where plan_id = %(plan_id)s and status = 'planned'
