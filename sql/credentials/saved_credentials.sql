-- The stored credentials of an integration, encrypted or not; no row if the integration is gone. Parameters: integration_id.
select credentials_encrypted
from moss_contract.integration_credentials()
where id = %(integration_id)s
