-- Notes that an integration is there, and yields the former one in whose place it was made (contract/successors), or null: one that it
-- takes over from now, or did before without making its links. Parameters: integration_id, server (the JAMF server that the
-- environment names, or null).
select coalesce(
  moss_contract.note_integration(%(integration_id)s, %(server)s),
  (select min(former.integration_id::text)::uuid from jamf_sync.known_integrations as former
   where former.succeeded_by = %(integration_id)s and former.links_made_at is null)) as takes_place_of
