-- Creates the planned people of a row range. Parameters: plan_id, first_row, last_row.
-- The columns are those that the ownership table writes when an object is created.
insert into {{ people }} (
  {{ people.id }},
  {{ created columns of person }}
)
select
  object_id,
  {{ created values of person }}
from jamf_sync.change_plan
where (select moss_contract.open_public())
  and plan_id = %(plan_id)s and object_type = 'person' and action = 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
