-- Creates the planned groups of a row range. Parameters: plan_id, first_row, last_row.
-- The columns are those that the ownership table writes when an object is created.
insert into public.groups (
  id,
  name, group_type, external_id
)
select
  object_id,
  jamf_sync.storable(after ->> 'name'),
  jamf_sync.storable(after ->> 'group_type'),
  jamf_sync.storable(after ->> 'external_id')
from jamf_sync.change_plan
where (select moss_contract.open_public())
  and plan_id = %(plan_id)s and object_type = 'group' and action = 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
