-- Writes name and type of interfaces we created and nobody changed since. Parameters: plan_id, first_row, last_row.
update moss_contract.ios as io
set interface_name = case when planned.after ? 'interface_name' then planned.after ->> 'interface_name' else io.interface_name end,
    interface_type = case when planned.after ? 'interface_type' then planned.after ->> 'interface_type' else io.interface_type end
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'io' and planned.action = 'update' and planned.outcome is null
  and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ?| array['interface_name', 'interface_type']
  and io.id = planned.object_id
