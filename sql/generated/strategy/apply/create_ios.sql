-- Creates the planned interfaces of a row range. Parameters: plan_id, first_row, last_row.
-- Refused: its device was not created, or the MAC address stands on some IO by now.
with pending as (
  select *, (details ->> 'device_id')::uuid as device_id from jamf_sync.change_plan
  where plan_id = %(plan_id)s and object_type = 'io' and action = 'create' and outcome is null
    and row_id between %(first_row)s and %(last_row)s
),
taken as materialized (
  select distinct jamf_sync.mac_key(mac_address) as mac_key from moss_contract.ios()
  where mac_address is not null
),
refused as (
  select pending.row_id
  from pending
  left join moss_contract.devices() as device on device.id = pending.device_id
  left join taken on taken.mac_key = jamf_sync.mac_key(pending.after ->> 'mac_address')
  where device.id is null or taken.mac_key is not null
),
created as (
  insert into public.ios (
    id, device_id,
    interface_name, interface_type, mac_address
  )
  select
    object_id, device_id,
    jamf_sync.storable(after ->> 'interface_name'),
    jamf_sync.storable(after ->> 'interface_type'),
    jamf_sync.storable(after ->> 'mac_address')
  from pending
  where (select moss_contract.open_public())
    and not exists (select from refused where refused.row_id = pending.row_id)
)
update jamf_sync.change_plan as change
set outcome = 'refused',
    outcome_detail = 'Its device does not exist, or the MAC address stands on an interface by now.'
from refused
where change.row_id = refused.row_id
  and change.row_id between %(first_row)s and %(last_row)s
