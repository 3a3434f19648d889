-- Of the rooms that were created, the match says what the next matching would: found by name. See settle_device_matches.
-- Parameters: integration_id, plan_id, first_row, last_row. To be run before the rows are marked. Rooms have no link.
update jamf_sync.room_matches as match
set outcome = 'matched'
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'room' and planned.outcome is null
  and planned.action = 'create' and planned.row_id between %(first_row)s and %(last_row)s
  and match.integration_id = %(integration_id)s and match.location_id = (planned.after ->> 'location_id')::uuid
  and match.room_id = planned.object_id
