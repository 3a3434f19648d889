-- Forgets what the ledger has of objects that are long gone. No parameters; yields how many entries went. Run after delete_plans, in
-- the same transaction. Through the contract's definer function, which looks for itself what proves nothing any more.
select moss_contract.forget_ledger()
