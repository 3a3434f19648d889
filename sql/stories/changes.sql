-- Everything that plans did, or were to do, to an object: it, its link, its interfaces, its
-- memberships. Parameters: integration_id, object_type, object_id. Grain: one row of a plan, oldest
-- first. What waits counts only of the newest plan; a what-if does nothing, and what both sides
-- agreed on changed nothing. `run_id` is the run that applied it, or, where it was not, the first that
-- was to: who approves another kind later has nothing to do with what is held. Indexes:
-- change_plan_history, change_plan_memberships, run_plans_by_plan.
with own as (
  select change.* from jamf_sync.change_plan as change
  where change.object_type = %(object_type)s and change.object_id = %(object_id)s
  union all
  select change.* from jamf_sync.change_plan as change
  where change.object_type = 'mapping' and change.object_id = %(object_id)s
    and change.label = %(object_type)s and change.action <> 'update'
  union all
  select change.* from moss_contract.ios() as io
  join jamf_sync.change_plan as change on change.object_type = 'io' and change.object_id = io.id
  where %(object_type)s = 'device' and io.device_id = %(object_id)s
  union all
  select change.* from jamf_sync.change_plan as change
  where change.object_type = 'group_member' and change.external_id = %(object_id)s::text
    and change.external_type = %(object_type)s
),
newest as (
  select max(plan_id) as plan_id from jamf_sync.plans
  where integration_id = %(integration_id)s and kind = 'sync'
)
select change.row_id, change.plan_id, plan.kind as plan_kind, plan.reverts_plan_id,
       plan.created_at as planned_at, change.object_type, change.object_id, change.external_type,
       change.external_id, change.label, change.action, change.reason, change.outcome,
       change.outcome_detail, change.held_as, change.applied_at, change.before, change.after,
       change.rules, change.details, run.run_id, run.triggered_by,
       moss_group.name as group_name, approval.approved_by, approval.approved_at
from own as change
join jamf_sync.plans as plan on plan.plan_id = change.plan_id
cross join newest
left join moss_contract.groups() as moss_group
  on change.object_type = 'group_member' and moss_group.id = change.object_id
left join lateral (
  select chosen.run_id, sync.triggered_by
  from jamf_sync.run_plans as chosen
  left join jamf_sync.sync_runs as sync on sync.run_id = chosen.run_id
  where chosen.plan_id = change.plan_id
    and (change.applied_at is null or chosen.chosen_at <= change.applied_at)
  order by case when change.applied_at is null then chosen.chosen_at end, chosen.chosen_at desc
  limit 1
) as run on true
left join lateral (
  select string_agg(distinct given.approved_by, ', ') as approved_by,
         max(given.approved_at) as approved_at
  from jamf_sync.plan_approvals as given
  where given.plan_id = change.plan_id and change.details -> 'approved_as' ? given.kind
) as approval on true
where plan.integration_id = %(integration_id)s and plan.kind <> 'what_if'
  and change.action <> 'agree'
  and (change.outcome is not null or change.plan_id = newest.plan_id)
order by change.row_id
