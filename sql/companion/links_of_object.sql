-- The links of an object of M.O.S.S. to JAMF's records, the best first: of the server that leads the object, in force, oldest.
-- Reads the mappings, object_leads and the newest groups. Writes nothing. Parameters: integration_ids, object_type, object_id.
-- Grain: one link; an integration has one of an object at most. By the index on internal_id: an object has few links.
select mapping.integration_config_id as integration_id, mapping.external_type, mapping.external_id,
       mapping.internal_type as object_type, mapping.internal_id as object_id, mapping.sync_status,
       mapping.last_synced_at, snapshot.is_smart
from moss_contract.integration_object_mappings() as mapping
left join jamf_sync.object_leads as lead
  on lead.object_type = mapping.internal_type and lead.object_id = mapping.internal_id
left join jamf_sync.raw_jamf_groups as raw
  on mapping.external_type = 'computer_group' and raw.collection = 'groups'
 and raw.integration_id = mapping.integration_config_id and raw.jamf_id = mapping.external_id
 and raw.valid_to_capture is null
left join jamf_sync.jamf_groups_snapshot as snapshot using (version_id)
where mapping.internal_type = %(object_type)s and mapping.internal_id = %(object_id)s
  and mapping.integration_config_id = any (%(integration_ids)s)
order by coalesce(mapping.sync_status, '') in ('deleted_external', 'deleted_internal'),
         (lead.integration_id = mapping.integration_config_id) is true desc, mapping.created_at
