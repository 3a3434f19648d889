-- Notes which decisions the rows of a range carry out. Parameters: plan_id, object_type, first_row, last_row. Run after they are written
-- and before they are marked as applied, in the same transaction. Through the contract's definer function: decisions are no role's to change.
select moss_contract.carry_out_decisions(%(plan_id)s, %(object_type)s, %(first_row)s, %(last_row)s)
