-- Keeps the hash of a new secret. Writes webhook_secrets. Parameters: integration_id, secret_hash (bytea), made_by.
-- Yields its id, or no row where two are in force already. Of two calls at once one waits: the caller holds webhooks/one_at_a_time.
insert into jamf_sync.webhook_secrets (integration_id, secret_hash, made_by)
select %(integration_id)s, %(secret_hash)s, %(made_by)s
where (
  select count(*) from jamf_sync.webhook_secrets
  where integration_id = %(integration_id)s and retired_at is null) < 2
returning secret_id
