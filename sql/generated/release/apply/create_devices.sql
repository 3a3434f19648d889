-- Creates the planned devices of a row range. Parameters: plan_id, first_row, last_row.
-- The columns are those that the ownership table writes when an object is created.
insert into public.devices (
  id,
  serial_number, hostname, model, manufacturer, operating_system, os_version, assigned_to_id,
  asset_tag, location_id, room_id, device_type, notes
)
select
  object_id,
  jamf_sync.storable(after ->> 'serial_number'),
  jamf_sync.storable(after ->> 'hostname'),
  jamf_sync.storable(after ->> 'model'),
  jamf_sync.storable(after ->> 'manufacturer'),
  jamf_sync.storable(after ->> 'operating_system'),
  jamf_sync.storable(after ->> 'os_version'),
  (after ->> 'assigned_to_person_id')::uuid,
  jamf_sync.storable(after ->> 'asset_tag'),
  (after ->> 'location_id')::uuid,
  (after ->> 'room_id')::uuid,
  jamf_sync.storable(after ->> 'device_type'),
  jamf_sync.storable(after ->> 'notes')
from jamf_sync.change_plan
where (select moss_contract.open_public())
  and plan_id = %(plan_id)s and object_type = 'device' and action = 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
