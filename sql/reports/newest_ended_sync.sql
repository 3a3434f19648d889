-- The newest full sync that ended, well or in part. Parameters: integration_id. Reads integration_sync_history, sync_runs. Grain:
-- at most one.
select run.run_id, history.sync_completed_at as ended_at
from moss_contract.integration_sync_history() as history
join jamf_sync.sync_runs as run on run.history_id = history.id
where history.integration_config_id = %(integration_id)s and history.sync_type = 'full'
  and history.status in ('success', 'partial') and history.sync_completed_at is not null
order by history.sync_started_at desc
limit 1
