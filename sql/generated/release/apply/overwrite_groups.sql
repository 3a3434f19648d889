-- Writes the planned JAMF-owned fields of groups; fields without a change keep their value.
-- Parameters: plan_id, first_row, last_row.
-- Only rows that change one of these columns are touched: an UPDATE bumps updated_at, which users see.
update public.groups as stored
set group_name = case when planned.after ? 'name'
      then jamf_sync.storable(planned.after ->> 'name') else stored.group_name end,
    group_type = case when planned.after ? 'group_type'
      then jamf_sync.storable(planned.after ->> 'group_type') else stored.group_type end,
    group_id_external = case when planned.after ? 'external_id'
      then jamf_sync.storable(planned.after ->> 'external_id') else stored.group_id_external end
from jamf_sync.change_plan as planned
where (select moss_contract.open_public())
  and planned.plan_id = %(plan_id)s and planned.object_type = 'group' and planned.action <> 'create'
  and planned.outcome is null and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ?| array[
    'name', 'group_type', 'external_id'
  ]
  and stored.id = planned.object_id
