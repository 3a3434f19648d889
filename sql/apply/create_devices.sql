-- Creates the planned devices of a row range. Parameters: plan_id, first_row, last_row.
insert into moss_contract.devices (id, hostname, serial_number, asset_tag, model, manufacturer, device_type, operating_system,
                                   os_version, location_id, room_id, assigned_to_person_id, notes)
select object_id, jamf_sync.storable(after ->> 'hostname'), jamf_sync.storable(after ->> 'serial_number'),
       jamf_sync.storable(after ->> 'asset_tag'), jamf_sync.storable(after ->> 'model'), jamf_sync.storable(after ->> 'manufacturer'),
       after ->> 'device_type', jamf_sync.storable(after ->> 'operating_system'), jamf_sync.storable(after ->> 'os_version'),
       (after ->> 'location_id')::uuid, (after ->> 'room_id')::uuid, (after ->> 'assigned_to_person_id')::uuid, after ->> 'notes'
from jamf_sync.change_plan
where plan_id = %(plan_id)s and object_type = 'device' and action = 'create' and outcome is null
  and row_id between %(first_row)s and %(last_row)s
