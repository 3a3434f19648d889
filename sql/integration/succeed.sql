-- Gives an integration what a former one knew, whose row is gone. Parameters: former_id, integration_id. Under the writing role,
-- through the contract's definer function, which proves it. Yields what the former one was called.
select moss_contract.succeed_integration(%(former_id)s, %(integration_id)s)
