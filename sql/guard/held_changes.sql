-- What the guard holds of a plan. Parameters: plan_id. Grain: kind and type of object.
select guard.kind, guard.object_type, guard.planned, guard.linked, guard.allowed
from jamf_sync.plan_guard as guard
where guard.plan_id = %(plan_id)s and guard.is_over
  and not exists (
    select from jamf_sync.plan_approvals as approval where approval.plan_id = guard.plan_id and approval.kind = guard.kind)
order by guard.kind, guard.object_type
