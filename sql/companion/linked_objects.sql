-- Which objects of M.O.S.S. records of JAMF's are. Reads the mappings. Writes nothing.
-- Parameters: integration_id, external_type, external_ids. Grain: one link in force.
select mapping.external_id, mapping.internal_id as object_id
from moss_contract.integration_object_mappings() as mapping
where mapping.integration_config_id = %(integration_id)s and mapping.external_type = %(external_type)s
  and mapping.external_id = any (%(external_ids)s)
  and coalesce(mapping.sync_status, '') not in ('deleted_external', 'deleted_internal')
