-- Replaces the stored credentials of an integration. Parameters: integration_id, credentials_encrypted.
update moss_contract.integration_credentials
set credentials_encrypted = %(credentials_encrypted)s
where id = %(integration_id)s
