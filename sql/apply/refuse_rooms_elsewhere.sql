-- Refuses to fill in a room where the device stands in another location by now. Parameters: plan_id, first_row, last_row.
-- Run after lock_devices, in the same transaction: room and location of a device agree, and no constraint of M.O.S.S. sees to it.
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'M.O.S.S. changed since the plan was made; it is planned anew next time.'
from moss_contract.devices() as device
where change.plan_id = %(plan_id)s and change.object_type = 'device' and change.action <> 'create' and change.outcome is null
  and change.row_id between %(first_row)s and %(last_row)s
  and change.after ->> 'room_id' is not null
  and device.id = change.object_id
  and coalesce(device.location_id::text, change.after ->> 'location_id') is distinct from (
    select room.location_id::text from moss_contract.rooms() as room where room.id = (change.after ->> 'room_id')::uuid)
