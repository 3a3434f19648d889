-- The row of one JAMF integration. Parameters: name.
select id, name, is_enabled, config, sync_schedule, auto_sync_enabled, coalesce(sync_settings, '{}') as sync_settings,
       last_sync_at, last_sync_status, last_sync_error
from moss_contract.integration_configs
where integration_type = 'jamf' and name = %(name)s
