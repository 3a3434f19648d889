-- Ends a secret: whatever is sent with it from now on is refused. Reads and writes webhook_secrets.
-- Parameters: integration_id, secret_id, retired_by. Touches no row where it is none of this integration's in force.
update jamf_sync.webhook_secrets
set retired_by = %(retired_by)s, retired_at = now()
where integration_id = %(integration_id)s and secret_id = %(secret_id)s and retired_at is null
