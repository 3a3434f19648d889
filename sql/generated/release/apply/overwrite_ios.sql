-- Writes the fields of interfaces that we created and nobody changed since; fields without a change keep
-- their value. Parameters: plan_id, first_row, last_row.
update public.ios as stored
set interface_name = case when planned.after ? 'interface_name'
      then jamf_sync.storable(planned.after ->> 'interface_name') else stored.interface_name end,
    interface_type = case when planned.after ? 'interface_type'
      then jamf_sync.storable(planned.after ->> 'interface_type') else stored.interface_type end
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'io' and planned.action = 'update'
  and planned.outcome is null and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ?| array[
    'interface_name', 'interface_type'
  ]
  and stored.id = planned.object_id
