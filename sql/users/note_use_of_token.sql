-- Counts a use of an API token, as M.O.S.S. does. Writes api_tokens, which M.O.S.S.'s own trigger stamps.
-- Parameters: token_id (uuid), address (of the caller; as long as its column takes).
-- last_used_at has no zone; the caller's transaction has taken on the one in which M.O.S.S. writes (roles/begin_writing).
update public.api_tokens
set last_used_at = localtimestamp, last_used_ip = left(%(address)s::text, 45),
    usage_count = coalesce(usage_count, 0) + 1
where id = %(token_id)s
