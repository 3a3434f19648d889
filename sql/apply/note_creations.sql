-- Enters into the ledger what was announced and is in M.O.S.S. by now. Parameters: object_type.
-- Run after objects are created, in the same transaction. Through the contract's definer function, which looks for itself.
select moss_contract.note_creations(%(object_type)s)
