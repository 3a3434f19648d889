-- Gives an integration what a former one knew, whose row is gone. Parameters: former_id, integration_id. Under the writing role,
-- through the contract's definer function, which proves it. Yields what the former one was called, also where that was done
-- before.
select coalesce(
  moss_contract.succeed_integration(%(former_id)s, %(integration_id)s),
  (select coalesce(former.name, former.server, 'unknown') from jamf_sync.known_integrations as former
   where former.integration_id = %(former_id)s and former.succeeded_by = %(integration_id)s))
