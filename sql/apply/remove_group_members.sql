-- Removes the planned members, all of them added by us. Parameters: plan_id, first_row, last_row.
-- Through the contract's definer function, which has the ledger say whom we added: the writing role deletes no row of M.O.S.S.
select moss_contract.remove_group_members(%(plan_id)s, %(first_row)s, %(last_row)s)
