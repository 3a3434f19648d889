-- Refuses to write what another JAMF server leads by now: it linked the object, or took its lead, since the plan was made. An
-- interface goes with its device. Parameters: integration_id, plan_id, object_type, first_row, last_row. Run after the objects are
-- locked and while no other integration applies, in the same transaction. A row that writes nothing but a link stays.
with led as materialized (
  select object_id from moss_contract.led_by_others(
    %(integration_id)s, case %(object_type)s when 'io' then 'device' else %(object_type)s end)
)
update jamf_sync.change_plan as change
set outcome = 'refused',
    outcome_detail = 'Another JAMF server leads it by now, and this one writes nothing to it.'
from led
where change.plan_id = %(plan_id)s and change.object_type = %(object_type)s and change.outcome is null
  and change.row_id between %(first_row)s and %(last_row)s
  and (change.after <> '{}' or change.action = 'delete')
  and led.object_id = case %(object_type)s
    when 'io' then coalesce(
      (change.details ->> 'device_id')::uuid,
      (select io.device_id from moss_contract.ios() as io where io.id = change.object_id))
    else change.object_id end
