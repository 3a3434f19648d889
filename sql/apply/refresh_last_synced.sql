-- Once a day, says of every link that is in order that it was looked at. Parameters: integration_id.
-- Daily and in one statement: on every run it would rewrite the whole table for nothing. A link that
-- another session holds locked is left to the next run, which finds it again.
with due as materialized (
  select id from public.integration_object_mappings
  where integration_config_id = %(integration_id)s and sync_status in ('synced', 'conflict')
    and last_synced_at < now() - interval '1 day'
  for no key update skip locked
)
update public.integration_object_mappings as mapping
set last_synced_at = now()
from due
where mapping.id = due.id
