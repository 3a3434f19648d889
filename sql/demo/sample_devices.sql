-- A few devices as M.O.S.S. has them after a sync, those with a person and a location first. Parameters: row_limit.
select jamf_sync.unescaped(device.hostname) as hostname, device.serial_number, device.model,
       jamf_sync.unescaped(person.full_name) as person, jamf_sync.unescaped(location.name) as location
from moss_contract.devices() as device
left join moss_contract.people() as person on person.id = device.assigned_to_person_id
left join moss_contract.locations() as location on location.id = device.location_id
order by num_nulls(person.id, location.id), device.serial_number
limit %(row_limit)s
