-- Deletes what checks found in runs, but for the newest of each check that passed, failed or was
-- left out: it says how the check stands.
-- Parameters: run_ids (text[]). Names without a schema are where the connection's search_path says.
with newest as materialized (
  select max(id) as id from asset_check_executions group by asset_key, check_name, execution_status
),
old as (
  delete from asset_check_executions as found
  where found.run_id = any (%(run_ids)s::text[])
    and not exists (select from newest where newest.id = found.id)
  returning found.evaluation_event_storage_id
)
delete from event_logs
where id in (select evaluation_event_storage_id from old)
