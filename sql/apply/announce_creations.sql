-- Has the ledger note which objects of a range are not in M.O.S.S. yet. Parameters: plan_id, object_type, first_row, last_row.
-- Run before they are created, in the same transaction. Through the contract's definer function: the ledger is no role's to write.
select moss_contract.announce_creations(%(object_type)s, %(plan_id)s, %(first_row)s, %(last_row)s)
