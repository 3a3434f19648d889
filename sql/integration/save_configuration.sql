-- Saves how an integration is configured. Writes integration_configs, a row that stays as it is not at all: every UPDATE shows as a
-- change in M.O.S.S. Parameters: integration_id, is_enabled, sync_schedule, auto_sync_enabled, sync_settings (jsonb).
update public.integration_configs
set is_enabled = %(is_enabled)s, sync_schedule = %(sync_schedule)s, auto_sync_enabled = %(auto_sync_enabled)s,
    sync_settings = %(sync_settings)s
where id = %(integration_id)s
  and (is_enabled, sync_schedule, auto_sync_enabled, sync_settings) is distinct from
      (%(is_enabled)s, %(sync_schedule)s, %(auto_sync_enabled)s, %(sync_settings)s::jsonb)
