-- Refuses from the start, in the plan of a revert, what another JAMF server leads by now: this integration writes nothing to it.
-- Parameters: integration_id, plan_id. An interface goes with its device. Links and memberships are each integration's own.
-- Applying looks again (apply/refuse_led_by_others).
with led as materialized (
  select 'person' as object_type, object_id from moss_contract.led_by_others(%(integration_id)s, 'person')
  union all
  select 'device', object_id from moss_contract.led_by_others(%(integration_id)s, 'device')
  union all
  select 'group', object_id from moss_contract.led_by_others(%(integration_id)s, 'group')
),
reverting as (
  select change.row_id, change.object_type,
    case change.object_type when 'io' then io.device_id else change.object_id end as object_id
  from jamf_sync.change_plan as change
  left join moss_contract.ios() as io on change.object_type = 'io' and io.id = change.object_id
  where change.plan_id = %(plan_id)s and change.object_type in ('person', 'device', 'io', 'group')
    and change.outcome is null and (change.after <> '{}' or change.action = 'delete')
)
update jamf_sync.change_plan as change
set outcome = 'refused',
    outcome_detail = 'Not undone, because another JAMF server leads it by now; this one writes nothing to it.'
from reverting
join led on led.object_id = reverting.object_id
        and led.object_type = case reverting.object_type when 'io' then 'device' else reverting.object_type end
where change.row_id = reverting.row_id
