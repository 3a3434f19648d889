-- The devices of a person of M.O.S.S. that are linked to JAMF. Reads the contract. Writes nothing.
-- Parameters: integration_ids, person_id, row_limit. Grain: one device, by name; total: how many there are, however many are asked for.
select device.id as device_id, coalesce(device.hostname, device.serial_number) as name, device.model,
       count(*) over () as total
from moss_contract.devices() as device
where device.assigned_to_person_id = %(person_id)s
  and exists (
    select from moss_contract.integration_object_mappings() as mapping
    where mapping.internal_type = 'device' and mapping.internal_id = device.id
      and mapping.integration_config_id = any (%(integration_ids)s)
      and coalesce(mapping.sync_status, '') not in ('deleted_external', 'deleted_internal'))
order by jamf_sync.folded(coalesce(device.hostname, device.serial_number, '')), device.id
limit %(row_limit)s
