-- Once a day, says of every link that is in order that it was looked at. Parameters: integration_id.
-- Daily and in one statement: on every run it would rewrite the whole table for nothing.
update public.integration_object_mappings
set last_synced_at = now()
where integration_config_id = %(integration_id)s and sync_status in ('synced', 'conflict')
  and last_synced_at < now() - interval '1 day'
