-- Refuses to fill in a room where the device stands in another location by now. Parameters: plan_id, first_row, last_row.
-- Run after lock_devices, in the same transaction: room and location of a device agree, and no constraint of M.O.S.S. sees to it.
with elsewhere as (
  select planned.row_id
  from jamf_sync.change_plan as planned
  join moss_contract.devices() as device on device.id = planned.object_id
  left join moss_contract.rooms() as room on room.id = (planned.after ->> 'room_id')::uuid
  where planned.plan_id = %(plan_id)s and planned.object_type = 'device' and planned.action <> 'create'
    and planned.outcome is null and planned.row_id between %(first_row)s and %(last_row)s
    and planned.after ->> 'room_id' is not null
    and coalesce(device.location_id::text, planned.after ->> 'location_id') is distinct from room.location_id::text
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'M.O.S.S. changed since the plan was made; it is planned anew next time.'
from elsewhere
where change.row_id = elsewhere.row_id
  and change.row_id between %(first_row)s and %(last_row)s
