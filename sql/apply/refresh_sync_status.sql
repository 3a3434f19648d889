-- A link with open conflicts says so, and stops saying so when they are gone. Parameters: integration_id.
-- Index: conflicts_open_by_object. Only links whose status differs are written.
update moss_contract.integration_object_mappings as mapping
set sync_status = case when mapping.sync_status = 'conflict' then 'synced' else 'conflict' end
where mapping.integration_config_id = %(integration_id)s
  and mapping.sync_status in ('synced', 'conflict')
  and (mapping.sync_status = 'conflict') <> exists (
    select from jamf_sync.conflicts as conflict
    where conflict.integration_id = %(integration_id)s and conflict.status = 'open' and conflict.object_id = mapping.internal_id)
