-- Of the devices that are linked by now, the match says what the next matching would: known by their link. So what was created is
-- not written once more by the next sync, and a plan made again from these matches has nothing to create.
-- Parameters: integration_id, plan_id, first_row, last_row. To be run before the rows are marked.
update jamf_sync.device_matches as match
set outcome = 'mapped', matched_by = 'mapping', previous_jamf_id = null,
    evidence = jamf_sync.hardware_agreed(
      computer.serial_number is not null, computer.udid is not null, computer.management_id is not null),
    left_device_id = null, left_because = null, guarded_as = null, lost_id = null
from jamf_sync.change_plan as planned, jamf_sync.jamf_computers_snapshot as computer
where computer.version_id = match.version_id and planned.plan_id = %(plan_id)s and planned.object_type = 'device' and planned.outcome is null
  and planned.action in ('create', 'link', 'move') and planned.row_id between %(first_row)s and %(last_row)s
  and match.integration_id = %(integration_id)s and match.jamf_id = planned.external_id
  and match.device_id = planned.object_id
