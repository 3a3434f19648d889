-- Makes the links of an integration again, which M.O.S.S. deleted with the row of the former one. Parameters: integration_id.
-- Run once what the former one knew is this one's (contract/successors, which says what they are).
insert into public.integration_object_mappings
  (id, integration_config_id, external_type, external_id, internal_type, internal_id, sync_status,
   external_data, last_synced_at)
select link.id, %(integration_id)s, link.external_type, link.external_id, link.internal_type,
       link.internal_id, link.sync_status, link.external_data, now()
from moss_contract.links_of_successor(%(integration_id)s) as link
on conflict do nothing
