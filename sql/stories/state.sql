-- What M.O.S.S. has of an object now, what the sync last wrote or saw agreed (base), and which
-- other JAMF server leads it. Parameters: integration_id, object_type, object_id. Yields one row;
-- without values if M.O.S.S. does not have it. `words`: what this M.O.S.S. accepts for canonical
-- words.
select value.values as moss, base.values as base, leader.name as led_by,
       (select jsonb_object_agg(domain || '/' || canonical, accepted) from moss_contract.vocabulary)
         as words
from (select 1) as one
left join lateral (
  select stored.values from moss_contract.object_values() as stored
  where stored.object_type = %(object_type)s and stored.id = %(object_id)s
) as value on true
left join jamf_sync.applied_values as base
  on base.integration_id = %(integration_id)s and base.object_type = %(object_type)s
 and base.object_id = %(object_id)s
left join jamf_sync.object_leads as lead
  on lead.object_type = %(object_type)s and lead.object_id = %(object_id)s
 and lead.integration_id <> %(integration_id)s
left join moss_contract.jamf_servers() as leader on leader.integration_id = lead.integration_id
