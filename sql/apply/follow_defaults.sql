-- Lets the kind of devices follow their model where it is still the default that the sync wrote, and nothing else.
-- Parameters: plan_id, first_row, last_row. Through the contract's definer function: the writing role has no right to
-- update the column. What undoes an earlier plan is put back by revert/restore_owned instead.
select moss_contract.follow_default(object_id, after)
from jamf_sync.change_plan
where plan_id = %(plan_id)s and object_type = 'device' and action <> 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
  and after ? 'device_type' and reason not in ('reverted', 'link_declined')
