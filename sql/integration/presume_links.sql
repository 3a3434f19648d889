-- Fills presumed_links. Parameters: integration_id. Yields how many links are presumed, as its row count.
with present as (
  insert into pg_temp.presumed_links
    (id, integration_config_id, external_type, external_id, internal_type, internal_id,
     last_synced_at, sync_status, external_data, created_at)
  select id, integration_config_id, external_type, external_id, internal_type, internal_id,
         last_synced_at, sync_status, external_data, created_at
  from moss_contract.integration_object_mappings()
  returning integration_config_id, external_type, external_id, internal_type, internal_id
)
insert into pg_temp.presumed_links
  (id, integration_config_id, external_type, external_id, internal_type, internal_id,
   last_synced_at, sync_status, external_data, created_at)
select link.id, %(integration_id)s, link.external_type, link.external_id, link.internal_type,
       link.internal_id, now(), link.sync_status, link.external_data, now()
from moss_contract.links_of_successor(%(integration_id)s) as link
where not exists (
  select from present
  where present.integration_config_id = %(integration_id)s
    and (present.external_type = link.external_type and present.external_id = link.external_id
      or present.internal_type = link.internal_type and present.internal_id = link.internal_id))
