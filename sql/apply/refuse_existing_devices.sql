-- Refuses to create devices whose serial number M.O.S.S. has by now. Parameters: plan_id,
-- first_row, last_row. A number that differs only in case is another one, if its device is linked:
-- only people type serial numbers in another case. A device that gives its number up in this very
-- plan is no twin of the new one, unless it waits or was refused.
with creating as materialized (
  select row_id, after ->> 'serial_number' as serial_number,
         jamf_sync.serial_key(after ->> 'serial_number') as serial_key
  from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'device' and action = 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
leaving as (
  select distinct object_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'device' and after ? 'serial_number'
    and action <> 'create'
    and coalesce(outcome, 'applied') = 'applied'
),
linked as (
  select distinct internal_id from moss_contract.integration_object_mappings() where internal_type = 'device'
),
existing as (
  select distinct creating.row_id
  from creating
  join moss_contract.devices() as device
    on jamf_sync.serial_key(device.serial_number) = creating.serial_key
  left join leaving on leaving.object_id = device.id
  left join linked on linked.internal_id = device.id
  where leaving.object_id is null
    and (device.serial_number = creating.serial_number or linked.internal_id is null)
)
update jamf_sync.change_plan as change
set outcome = 'refused', outcome_detail = 'A device with this serial number exists by now.'
from existing
where change.row_id = existing.row_id
  and change.row_id between %(first_row)s and %(last_row)s
