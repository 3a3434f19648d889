-- The links of an object or of a JAMF record, those of other JAMF servers as well. Parameters:
-- integration_id, object_type, object_id, external_type, external_id (null where not known). Grain:
-- one link; this server's come first. `is_former`: its JAMF record was given to another object
-- (apply/repoint_mappings).
select mapping.id, mapping.external_type, mapping.external_id, mapping.internal_id,
       mapping.sync_status, mapping.created_at, mapping.last_synced_at,
       mapping.external_id like '%% (former link %%' as is_former,
       mapping.integration_config_id = %(integration_id)s as is_own, server.name as server
from moss_contract.integration_object_mappings() as mapping
join moss_contract.jamf_servers() as server
  on server.integration_id = mapping.integration_config_id
where mapping.internal_type = %(object_type)s
  and (mapping.internal_id = %(object_id)s
    or mapping.integration_config_id = %(integration_id)s
      and mapping.external_type = %(external_type)s and mapping.external_id = %(external_id)s)
order by is_own desc, mapping.internal_id = %(object_id)s desc nulls last, mapping.created_at
