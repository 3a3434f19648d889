-- Devices that two computers would write. Parameters: integration_id. Grain: one device.
select device_id, count(*) as computers, string_agg(jamf_id, ', ') as jamf_ids
from jamf_sync.device_matches
where integration_id = %(integration_id)s and outcome in ('mapped', 'moved', 'matched', 'create')
group by device_id having count(*) > 1
