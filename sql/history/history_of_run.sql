-- How a run ended, as its history row says. Parameters: run_id. Grain: at most one row; a dry run has none.
select history.sync_type, history.status, history.error_message, history.sync_started_at, history.sync_completed_at
from jamf_sync.sync_runs as run
join moss_contract.integration_sync_history() as history on history.id = run.history_id
where run.run_id = %(run_id)s
