-- Keeps the hash of the companion's own administrator token, in place of the one before, which ends with it.
-- Reads nothing. Writes administrator_tokens, which holds one row at most. Parameters: token_hash (bytea), made_by.
insert into jamf_sync.administrator_tokens (is_the_only_one, token_hash, made_by, made_at)
values (true, %(token_hash)s, %(made_by)s, now())
on conflict (is_the_only_one) do update
set token_hash = excluded.token_hash, made_by = excluded.made_by, made_at = excluded.made_at
