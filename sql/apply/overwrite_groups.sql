-- Writes the planned fields of groups; fields without a change keep their value. Parameters: plan_id, first_row, last_row.
update moss_contract.groups as moss_group
set name = case when planned.after ? 'name' then jamf_sync.storable(planned.after ->> 'name') else moss_group.name end,
    group_type = case when planned.after ? 'group_type' then planned.after ->> 'group_type' else moss_group.group_type end,
    external_id = case when planned.after ? 'external_id' then planned.after ->> 'external_id' else moss_group.external_id end
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'group' and planned.action <> 'create' and planned.outcome is null
  and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ?| array['name', 'group_type', 'external_id']
  and moss_group.id = planned.object_id
