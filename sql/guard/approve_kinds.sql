-- Records who let held changes of some kinds through. Parameters: plan_id, guarded_kinds (text[]), approved_by, approval_reason (or null), run_id. Once per kind and plan:
-- the first approval stands. Run before release_held_changes, in the same transaction.
insert into jamf_sync.plan_approvals (plan_id, kind, approved_by, reason, run_id, released)
select %(plan_id)s, approved.kind, %(approved_by)s, %(approval_reason)s, %(run_id)s, count(change.row_id)
from unnest(%(guarded_kinds)s::text[]) as approved (kind)
left join jamf_sync.change_plan as change
  on change.plan_id = %(plan_id)s and change.outcome = 'held' and change.held_as = approved.kind
group by approved.kind
on conflict (plan_id, kind) do nothing
