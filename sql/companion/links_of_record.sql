-- The link of a record of JAMF's. Reads the mappings and the newest groups. Writes nothing.
-- Parameters: integration_id, external_type, external_id. Yields at most one row, with the columns of links_of_object:
-- an integration has one link of a record at most.
select mapping.integration_config_id as integration_id, mapping.external_type, mapping.external_id,
       mapping.internal_type as object_type, mapping.internal_id as object_id, mapping.sync_status,
       mapping.last_synced_at, snapshot.is_smart
from moss_contract.integration_object_mappings() as mapping
left join jamf_sync.raw_jamf_groups as raw
  on mapping.external_type = 'computer_group' and raw.collection = 'groups'
 and raw.integration_id = mapping.integration_config_id and raw.jamf_id = mapping.external_id
 and raw.valid_to_capture is null
left join jamf_sync.jamf_groups_snapshot as snapshot using (version_id)
where mapping.integration_config_id = %(integration_id)s
  and mapping.external_type = %(external_type)s and mapping.external_id = %(external_id)s
