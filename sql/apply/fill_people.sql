-- Fills the M.O.S.S.-owned fields of people that are still empty, and nothing else. Parameters: plan_id, first_row, last_row.
-- Through the contract's definer function: the writing role has no right to update these columns.
select moss_contract.fill_empty('person', object_id, after)
from jamf_sync.change_plan
where plan_id = %(plan_id)s and object_type = 'person' and action <> 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
  and after ?| array['username', 'full_name']
