-- Opens the history row of a run, once however often it is asked for.
-- Parameters: integration_id, run_id, sync_type, triggered_by.
-- Yields history_id.
-- M.O.S.S.'s own pages show the row and integration_configs.last_sync_*. Whoever started the run is also named as
-- a user of M.O.S.S. if exactly one has that address. An integration whose row somebody holds locked shows the end of the run only.
with known as (
  select history_id from jamf_sync.sync_runs where run_id = %(run_id)s
),
person as (
  select (array_agg(id))[1] as id from moss_contract.users()
  where jamf_sync.match_key(email) = jamf_sync.match_key(%(triggered_by)s)
  having count(*) = 1
),
opened as (
  insert into public.integration_sync_history
    (integration_config_id, sync_started_at, status, sync_type, triggered_by_user_id)
  select %(integration_id)s, now(), 'in_progress', %(sync_type)s, (select id from person)
  where not exists (select from known)
  returning id
),
remembered as (
  insert into jamf_sync.sync_runs (run_id, integration_id, history_id, sync_type, triggered_by)
  select %(run_id)s, %(integration_id)s, id, %(sync_type)s, %(triggered_by)s from opened
),
shown as (
  update public.integration_configs as integration set last_sync_status = 'in_progress'
  from (
    select id from public.integration_configs where id = %(integration_id)s
    for no key update skip locked
  ) as unlocked
  where integration.id = unlocked.id and exists (select from opened)
)
select history_id
from (select history_id from known union all select id from opened) as row_of_run
