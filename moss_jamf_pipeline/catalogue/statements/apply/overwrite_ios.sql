-- Writes the fields of interfaces that we created and nobody changed since; fields without a change keep
-- their value. Parameters: plan_id, first_row, last_row.
update {{ ios }} as stored
set {{ overwritten columns of io }}
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'io' and planned.action = 'update'
  and planned.outcome is null and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ?| array[
    {{ overwritten fields of io }}
  ]
  and stored.{{ ios.id }} = planned.object_id
