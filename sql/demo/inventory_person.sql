-- A person of M.O.S.S. as the demo's own page shows it. Parameters: object_id. Reads the contract. Yields at most one row.
select person.full_name as label, person.username, person.email_address as email, person.phone_number as phone,
       person.job_title, person.person_type, person.notes
from moss_contract.people() as person
where person.id = %(object_id)s
