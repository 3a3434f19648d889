-- The row of an integration as it is configured. Reads integration_configs. Parameters: integration_id.
-- Yields at most one row; access_scope is null where M.O.S.S. has no such column, and has_access_scope says so.
select stored.id, stored.name, stored.is_enabled, stored.config, stored.sync_schedule, stored.auto_sync_enabled,
       stored.sync_settings, to_jsonb(stored) -> 'access_scope' as access_scope,
       to_jsonb(stored) ? 'access_scope' as has_access_scope,
       stored.credentials_encrypted is not null as has_credentials
from public.integration_configs as stored
where stored.id = %(integration_id)s
