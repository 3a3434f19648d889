-- Marks a plan as applied once none of its rows waits any more; what the guard holds waits for a person, not for a run. Parameters: plan_id.
update jamf_sync.plans set status = 'applied', applied_at = now()
where plan_id = %(plan_id)s and status in ('planned', 'applying')
  and not exists (select from jamf_sync.change_plan where plan_id = %(plan_id)s and outcome is null)
