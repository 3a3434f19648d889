-- A device of M.O.S.S. as the demo's own page shows it. Parameters: object_id. Reads the contract. Yields at most one row.
select device.hostname as label, device.serial_number, device.asset_tag, device.manufacturer, device.model, device.device_type,
       device.operating_system, device.os_version, person.full_name as assigned_to, location.name as location, room.name as room,
       device.notes
from moss_contract.devices() as device
left join moss_contract.people() as person on person.id = device.assigned_to_person_id
left join moss_contract.locations() as location on location.id = device.location_id
left join moss_contract.rooms() as room on room.id = device.room_id
where device.id = %(object_id)s
