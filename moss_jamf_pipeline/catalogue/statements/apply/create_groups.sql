-- Creates the planned groups of a row range. Parameters: plan_id, first_row, last_row.
-- The columns are those that the ownership table writes when an object is created.
insert into {{ groups }} (
  {{ groups.id }},
  {{ created columns of group }}
)
select
  object_id,
  {{ created values of group }}
from jamf_sync.change_plan
where (select moss_contract.open_public())
  and plan_id = %(plan_id)s and object_type = 'group' and action = 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
