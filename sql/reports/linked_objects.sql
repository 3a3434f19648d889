-- How many objects of M.O.S.S. are linked to JAMF, and how many of these JAMF no longer has. Parameters: integration_id. Grain:
-- one type of object.
select internal_type as object_type,
       count(*) filter (where sync_status not in ('deleted_external', 'deleted_internal')) as linked,
       count(*) filter (where sync_status = 'deleted_external') as gone
from moss_contract.integration_object_mappings()
where integration_config_id = %(integration_id)s
group by internal_type
