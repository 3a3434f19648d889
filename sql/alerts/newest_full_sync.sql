-- When the newest full sync began; null: none ever did. Parameters: integration_id. Reads integration_sync_history.
select max(sync_started_at) as started_at
from moss_contract.integration_sync_history()
where integration_config_id = %(integration_id)s and sync_type = 'full'
