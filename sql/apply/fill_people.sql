-- Fills the M.O.S.S.-owned fields of people that are still empty, and nothing else. Parameters: plan_id, first_row, last_row.
-- Through the contract's definer function: the writing role has no right to update these columns.
select moss_contract.fill_empty('person', %(plan_id)s, %(first_row)s, %(last_row)s)
