-- Lets the kind of devices follow their model where it is still the default that the sync wrote, and nothing else.
-- Parameters: plan_id, first_row, last_row. Through the contract's definer function: the writing role has no right to
-- update the column. What it does not follow is left out of the row. What undoes an earlier plan is put back by
-- revert/restore_owned instead.
with not_followed as materialized (
  select left_out_row as row_id
  from moss_contract.follow_default(%(plan_id)s, %(first_row)s, %(last_row)s)
)
update jamf_sync.change_plan as change
set before = change.before - 'device_type', after = change.after - 'device_type', rules = change.rules - 'device_type',
    details = change.details || '{"left_out": ["device_type"]}',
    outcome = case when change.action = 'update' and change.after - 'device_type' = '{}' then 'refused' end,
    outcome_detail = 'Left out: the kind of the device is not the one that the sync wrote.'
from not_followed
where change.row_id = not_followed.row_id
  and change.row_id between %(first_row)s and %(last_row)s
