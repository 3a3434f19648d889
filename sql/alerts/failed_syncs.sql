-- Which types of sync have failed last. Parameters: integration_id. Reads integration_sync_history, sync_runs. Grain: one type
-- of sync whose newest run that ended has failed, and that no full sync has made up for since.
with newest as (
  select distinct on (sync_type) sync_type, status, sync_started_at, sync_completed_at, error_message,
         history.id as history_id
  from moss_contract.integration_sync_history() as history
  where integration_config_id = %(integration_id)s and status in ('success', 'partial', 'failed')
  order by sync_type, sync_started_at desc
)
select failed.sync_type, failed.sync_completed_at as failed_at, failed.error_message, run.run_id
from newest as failed
left join newest as whole on whole.sync_type = 'full'
left join jamf_sync.sync_runs as run on run.history_id = failed.history_id
where failed.status = 'failed'
  and not coalesce(whole.status <> 'failed' and whole.sync_started_at > failed.sync_started_at, false)
order by failed.sync_type
