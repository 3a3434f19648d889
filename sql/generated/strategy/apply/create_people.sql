-- Creates the planned people of a row range. Parameters: plan_id, first_row, last_row.
-- The columns are those that the ownership table writes when an object is created.
insert into public.people (
  id,
  username, full_name, email_address, phone_number, job_title, department, person_type, notes
)
select
  object_id,
  jamf_sync.storable(after ->> 'username'),
  jamf_sync.storable(after ->> 'full_name'),
  jamf_sync.storable(after ->> 'email_address'),
  jamf_sync.storable(after ->> 'phone_number'),
  jamf_sync.storable(after ->> 'job_title'),
  jamf_sync.storable(after ->> 'department'),
  jamf_sync.storable(after ->> 'person_type'),
  jamf_sync.storable(after ->> 'notes')
from jamf_sync.change_plan
where (select moss_contract.open_public())
  and plan_id = %(plan_id)s and object_type = 'person' and action = 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
