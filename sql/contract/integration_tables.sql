-- The contract over M.O.S.S.'s integration tables, which are the same in every dialect. Reads nothing.
-- Columns that an older M.O.S.S. lacks are read through the row as JSON, so that the view stands with and without them.

create view moss_contract.integration_configs as
  select id, integration_type, name, is_enabled, config, sync_schedule, auto_sync_enabled, sync_settings,
         coalesce(to_jsonb(stored) ->> 'environment', 'production') as environment,
         coalesce(to_jsonb(stored) -> 'access_scope', '{}') as access_scope,
         last_sync_at, last_sync_status, last_sync_error
  from public.integration_configs as stored;

create view moss_contract.integration_credentials as
  select id, credentials_encrypted from public.integration_configs;

create view moss_contract.integration_sync_history as
  select id, integration_config_id, sync_started_at, sync_completed_at, status, items_processed, items_created,
         items_updated, items_skipped, items_failed, error_message, error_details, sync_type, triggered_by_user_id,
         duration_seconds
  from public.integration_sync_history;

create view moss_contract.integration_object_mappings as
  select id, integration_config_id, external_type, external_id, internal_type, internal_id, last_synced_at,
         sync_status, external_data
  from public.integration_object_mappings;
