-- Creates the planned groups of a row range. Parameters: plan_id, first_row, last_row.
insert into moss_contract.groups (id, name, group_type, external_id)
select object_id, jamf_sync.storable(after ->> 'name'), after ->> 'group_type', after ->> 'external_id'
from jamf_sync.change_plan
where plan_id = %(plan_id)s and object_type = 'group' and action = 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
