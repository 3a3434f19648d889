-- The hash of the companion's own administrator token. Reads administrator_tokens. Yields at most one row: token_hash, made_by, made_at.
select token_hash, made_by, made_at from jamf_sync.administrator_tokens
