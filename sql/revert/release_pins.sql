-- Takes back the pins of fields that a revert did not put back after all. Parameters: integration_id, plan_id. Under the log-in role.
update jamf_sync.conflicts as pin
set status = 'closed', closed_at = now()
where pin.integration_id = %(integration_id)s and pin.kind = 'reverted' and pin.status = 'resolved' and pin.opened_by_plan = %(plan_id)s
  and not exists (
    select from jamf_sync.change_plan as change
    where change.plan_id = %(plan_id)s and change.object_type = pin.object_type and change.object_id = pin.object_id
      and change.outcome = 'applied' and change.after ? pin.field)
