-- Fills the M.O.S.S.-owned fields of people that are still empty, and nothing else. Parameters: plan_id, first_row, last_row.
update moss_contract.people as person
set username = coalesce(nullif(person.username, ''), planned.after ->> 'username'),
    full_name = coalesce(nullif(person.full_name, ''), planned.after ->> 'full_name')
from jamf_sync.change_plan as planned
where planned.plan_id = %(plan_id)s and planned.object_type = 'person' and planned.action <> 'create' and planned.outcome is null
  and planned.row_id between %(first_row)s and %(last_row)s
  and planned.after ?| array['username', 'full_name']
  and person.id = planned.object_id
