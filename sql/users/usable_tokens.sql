-- The API tokens of M.O.S.S. that begin like a given one and hold now, with whose they are. Which of them it is, their hash tells.
-- Reads api_tokens, users. Parameters: prefix (the first ten characters).
-- expires_at has no zone; the caller's transaction has taken on the one in which M.O.S.S. writes (roles/begin_writing).
-- Yields token_id, token_hash, scopes (jsonb) and of the user id, email, role, is_active.
select token.id as token_id, token.token_hash, token.scopes, owner.id, owner.email, owner.role, owner.is_active is not false as is_active
from public.api_tokens as token
join public.users as owner on owner.id = token.user_id
where token.token_prefix = %(prefix)s
  and token.is_active
  and (token.expires_at is null or token.expires_at > localtimestamp)
order by token.id
