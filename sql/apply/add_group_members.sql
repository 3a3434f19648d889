-- Adds the planned members of groups. Parameters: plan_id, first_row, last_row.
-- Through the contract's definer function, which enters whom it adds into the ledger. It refuses what its header says; such a row is
-- planned anew. A member that somebody added meanwhile stays theirs.
with refused as materialized (
  select refused_row as row_id
  from moss_contract.add_group_members(%(plan_id)s, %(first_row)s, %(last_row)s)
)
update jamf_sync.change_plan as change
set outcome = 'refused',
    outcome_detail = 'The group or the member does not exist, the group is not linked to a static JAMF group by now, or it grants rights.'
from refused
where change.row_id = refused.row_id
  and change.row_id between %(first_row)s and %(last_row)s
