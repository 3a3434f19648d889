-- A group of M.O.S.S. as the demo's own page shows it. Parameters: object_id. Reads the contract. Yields at most one row.
select held.name as label, held.group_type, held.external_id
from moss_contract.groups() as held
where held.id = %(object_id)s
