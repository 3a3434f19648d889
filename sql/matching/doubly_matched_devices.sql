-- Devices that two computers would write. Parameters: integration_id.
-- Grain: one device, with its host name and serial number, or what the first computer gives it.
select coalesce(jamf_sync.unescaped(device.hostname), min(computer.hostname)) as hostname,
       coalesce(jamf_sync.unescaped(device.serial_number), min(computer.serial_number)) as serial_number,
       count(*) as computers, string_agg(match.jamf_id, ', ') as jamf_ids, match.device_id
from jamf_sync.device_matches as match
left join moss_contract.devices() as device on device.id = match.device_id
left join jamf_sync.jamf_computers_snapshot as computer on computer.version_id = match.version_id
where match.integration_id = %(integration_id)s
  and match.outcome in ('mapped', 'moved', 'matched', 'create')
  and match.device_id in (
    select twice.device_id from jamf_sync.device_matches as twice
    where twice.integration_id = %(integration_id)s
      and twice.outcome in ('mapped', 'moved', 'matched', 'create')
    group by twice.device_id having count(*) > 1)
group by match.device_id, device.hostname, device.serial_number
