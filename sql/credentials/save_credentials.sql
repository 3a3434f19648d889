-- Replaces the stored credentials of an integration. Parameters: integration_id, credentials_encrypted.
update public.integration_configs
set credentials_encrypted = %(credentials_encrypted)s
where id = %(integration_id)s
