-- What the guard counted in a plan, for people to read. Parameters: plan_id. Grain: kind and type of object.
select guard.kind, guard.object_type as objects, guard.planned, guard.linked, guard.allowed,
       case when not guard.is_over then 'passes' when approval.kind is null then 'held' else 'approved by ' || approval.approved_by end as verdict
from jamf_sync.plan_guard as guard
left join jamf_sync.plan_approvals as approval on approval.plan_id = guard.plan_id and approval.kind = guard.kind
where guard.plan_id = %(plan_id)s
order by guard.kind, guard.object_type
