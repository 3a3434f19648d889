-- Fills the M.O.S.S.-owned fields of devices that are still NULL, and nothing else. Parameters: plan_id, first_row, last_row.
update moss_contract.devices as device
set asset_tag = coalesce(device.asset_tag, planned.after ->> 'asset_tag'),
    location_id = coalesce(device.location_id, (planned.after ->> 'location_id')::uuid),
    room_id = coalesce(device.room_id, (planned.after ->> 'room_id')::uuid)
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'device' and planned.action <> 'create' and planned.outcome is null
  and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ?| array['asset_tag', 'location_id', 'room_id']
  and device.id = planned.object_id
