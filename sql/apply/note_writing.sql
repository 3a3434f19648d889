-- Notes of the objects of a range that the sync created that nobody else has changed them, before it writes them.
-- Parameters: plan_id, object_type, first_row, last_row. Run after the rows that will not be written are refused, in the same
-- transaction. Through the contract's definer function: a change of a person that it sees is never covered up by ours.
select moss_contract.note_writing(%(object_type)s, %(plan_id)s, %(first_row)s, %(last_row)s)
