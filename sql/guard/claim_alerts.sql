-- Notes that somebody is told now of what a plan holds. Parameters: plan_id, run_id. Grain: one kind
-- that nobody was told of; none of a plan that a newer one has taken the place of, which holds the
-- same anew. Of two that ask at once one gets a kind.
insert into jamf_sync.held_alerts (plan_id, kind, run_id)
select distinct guard.plan_id, guard.kind, %(run_id)s
from jamf_sync.plan_guard as guard
join jamf_sync.plans as plan on plan.plan_id = guard.plan_id
left join jamf_sync.plan_approvals as approval
  on approval.plan_id = guard.plan_id and approval.kind = guard.kind
left join jamf_sync.plans as newer
  on newer.integration_id = plan.integration_id and newer.plan_id > plan.plan_id
 and newer.kind <> 'what_if'
where guard.plan_id = %(plan_id)s and guard.is_over
  and approval.kind is null and newer.plan_id is null
on conflict (plan_id, kind) do nothing
returning kind
