-- A log-in of M.O.S.S. as it is now: its session may be a month old, and what it may do changes meanwhile.
-- Reads users. Parameters: user_id (uuid). Yields at most one row: id, email, role, is_active.
select id, email, role, is_active is not false as is_active
from public.users
where id = %(user_id)s
