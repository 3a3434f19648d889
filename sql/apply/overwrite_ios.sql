-- Writes the fields of interfaces that we created and nobody changed since. Parameters: plan_id, first_row, last_row.
-- Through the contract's definer function, which knows which those are; what is asked of any other is refused.
with refused as materialized (
  select refused_row as row_id
  from moss_contract.overwrite_interfaces(%(plan_id)s, %(first_row)s, %(last_row)s)
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'The interface is M.O.S.S.''s own: the sync changes only those that it created.'
from refused
where change.row_id = refused.row_id
  and change.row_id between %(first_row)s and %(last_row)s
