-- Writes the planned JAMF-owned fields of people; fields without a change keep their value.
-- Parameters: plan_id, first_row, last_row.
-- Only rows that change one of these columns are touched: an UPDATE bumps updated_at, which users see.
update {{ people }} as stored
set {{ overwritten columns of person }}
from jamf_sync.change_plan as planned
where (select moss_contract.open_public())
  and planned.plan_id = %(plan_id)s and planned.object_type = 'person' and planned.action <> 'create'
  and planned.outcome is null and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ?| array[
    {{ overwritten fields of person }}
  ]
  and stored.{{ people.id }} = planned.object_id
