-- What keeps a simulated fleet out of a M.O.S.S. database: devices that no simulated sync made, captures of a real JAMF server.
-- Parameters: integration_id. Grain: one row. A simulator is known by its address, the loopback; what the demo entered itself
-- (demo/earlier_inventory), by its notes.
select
  (select count(*) from moss_contract.devices() as device
   where coalesce(device.notes, '') not like 'The demo: %%'
     and not exists (
     select from moss_contract.integration_object_mappings() as mapping
     where mapping.internal_id = device.id and mapping.internal_type = 'device'
       and mapping.integration_config_id = %(integration_id)s)) as devices,
  (select max(capture.server) from jamf_sync.captures as capture
   where capture.integration_id = %(integration_id)s and capture.server <> 'loopback') as server
