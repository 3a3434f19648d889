-- Shows the end of a run on its integration, where the row was locked when the run ended. Parameters: run_id, status, error_message.
-- Yields whether it is shown now, or nothing is left to show: another run has ended since, or the integration is gone. A row that
-- another session holds locked is not waited for.
with ended as (
  select integration_id, finished_at from jamf_sync.sync_runs where run_id = %(run_id)s
),
due as materialized (
  select integration.id, ended.finished_at
  from moss_contract.integration_configs() as integration join ended on ended.integration_id = integration.id
  where coalesce(integration.last_sync_at, '-infinity') < ended.finished_at
),
unlocked as materialized (
  select id from public.integration_configs where id in (select id from due)
  for no key update skip locked
),
shown as (
  update public.integration_configs as integration
  set last_sync_at = due.finished_at,
      last_sync_status = case when %(status)s = 'failed' then 'failed' else 'success' end,
      last_sync_error = %(error_message)s
  from unlocked join due using (id) where integration.id = unlocked.id
  returning integration.id
)
select not exists (select from due) or exists (select from shown) as is_settled
