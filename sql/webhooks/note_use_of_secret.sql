-- Notes, once a minute at most, that a secret is used: during a rotation it tells whether the older one still is.
-- Reads and writes webhook_secrets. Parameters: secret_id.
update jamf_sync.webhook_secrets
set last_used_at = now()
where secret_id = %(secret_id)s and (last_used_at is null or last_used_at < now() - interval '1 minute')
