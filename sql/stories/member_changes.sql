-- Who was added to a group and removed from it, plan by plan, oldest first. Parameters:
-- integration_id, object_id. Grain: one plan, action and outcome; `examples` are the first ones.
-- Index: change_plan_history.
with members as (
  select change.plan_id, change.action, change.reason, change.outcome, change.applied_at,
         coalesce(jamf_sync.unescaped(device.hostname), device.serial_number,
                  jamf_sync.unescaped(person.full_name), change.external_id) as name
  from jamf_sync.change_plan as change
  left join moss_contract.devices() as device
    on change.external_type = 'device' and device.id::text = change.external_id
  left join moss_contract.people() as person
    on change.external_type = 'person' and person.id::text = change.external_id
  where change.object_type = 'group_member' and change.object_id = %(object_id)s
    and change.action in ('add', 'remove') and change.outcome is not null
)
select members.plan_id, plan.kind as plan_kind, plan.reverts_plan_id, plan.created_at as planned_at,
       members.action, members.reason, members.outcome, max(members.applied_at) as applied_at,
       count(*) as members, (array_agg(members.name order by members.name))[:3] as examples,
       min(run.run_id) as run_id, min(run.triggered_by) as triggered_by
from members
join jamf_sync.plans as plan on plan.plan_id = members.plan_id
left join lateral (
  select chosen.run_id, sync.triggered_by
  from jamf_sync.run_plans as chosen
  left join jamf_sync.sync_runs as sync on sync.run_id = chosen.run_id
  where chosen.plan_id = plan.plan_id
  order by chosen.chosen_at
  limit 1
) as run on true
where plan.integration_id = %(integration_id)s and plan.kind <> 'what_if'
group by members.plan_id, plan.kind, plan.reverts_plan_id, plan.created_at, members.action,
         members.reason, members.outcome
order by members.plan_id, members.action
