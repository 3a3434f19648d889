-- The secrets by which an integration's JAMF server is known. Reads webhook_secrets. Parameters: integration_id.
-- Grain: one secret, the older first; there are two at most (webhooks/keep_secret).
select secret_id, secret_hash, made_by, made_at, last_used_at
from jamf_sync.webhook_secrets
where integration_id = %(integration_id)s and retired_at is null
order by secret_id
