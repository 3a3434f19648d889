-- Refuses from the start, in the plan of a revert, to delete what is not in M.O.S.S. any more: somebody deleted it, or an earlier revert did.
-- Reads the contract's relations. Writes change_plan. Parameters: plan_id. Applying looks again (moss_contract.delete_created).
with deleting as (
  select row_id, object_type, object_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and action = 'delete' and outcome is null
),
present as (
  select 'location' as object_type, id as object_id from moss_contract.locations()
  union all select 'room', id from moss_contract.rooms()
  union all select 'person', id from moss_contract.people()
  union all select 'device', id from moss_contract.devices()
  union all select 'io', id from moss_contract.ios()
  union all select 'group', id from moss_contract.groups()
),
gone as (
  select deleting.row_id
  from deleting
  left join present using (object_type, object_id)
  where present.object_id is null
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'It no longer exists in M.O.S.S.'
from gone
where change.row_id = gone.row_id
