-- How many rows M.O.S.S. has of what the pipeline writes. No parameters. Yields one row.
select
  (select count(*) from moss_contract.locations()) as locations,
  (select count(*) from moss_contract.rooms()) as rooms,
  (select count(*) from moss_contract.people()) as people,
  (select count(*) from moss_contract.devices()) as devices,
  (select count(*) from moss_contract.ios()) as ios,
  (select count(*) from moss_contract.groups()) as groups,
  (select count(*) from moss_contract.group_device_members()) as group_device_members,
  (select count(*) from moss_contract.integration_object_mappings()) as integration_object_mappings,
  (select count(*) from moss_contract.integration_sync_history()) as integration_sync_history
