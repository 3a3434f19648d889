-- What keeps a simulated fleet out of a M.O.S.S. database: devices that no simulated sync made, captures of a real JAMF server.
-- Parameters: integration_name. Grain: one row. A simulator is known by its address, the loopback.
select
  (select count(*) from moss_contract.devices as device
   where not exists (
     select from moss_contract.integration_object_mappings as mapping
     join moss_contract.integration_configs as integration on integration.id = mapping.integration_config_id
     where mapping.internal_id = device.id and mapping.internal_type = 'device'
       and integration.integration_type = 'jamf' and integration.name = %(integration_name)s)) as devices,
  (select max(capture.server) from jamf_sync.captures as capture
   join moss_contract.integration_configs as integration on integration.id = capture.integration_id
   where integration.name = %(integration_name)s and capture.server <> 'loopback') as server
