-- Removes the planned members, all of them added by us. Parameters: integration_id, plan_id, first_row, last_row.
-- By the contract's definer functions: the writing role deletes no row of M.O.S.S.
with pending as (
  select *, external_id::uuid as member_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'group_member' and action = 'remove' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
forgotten as (
  delete from jamf_sync.group_member_additions as addition using pending
  where addition.integration_id = %(integration_id)s and addition.group_id = pending.object_id
    and addition.member_type = pending.external_type and addition.member_id = pending.member_id
  returning addition.group_id, addition.member_type, addition.member_id
)
select case member_type
    when 'device' then moss_contract.remove_device_from_group(group_id, member_id)
    else moss_contract.remove_person_from_group(group_id, member_id) end
from forgotten
