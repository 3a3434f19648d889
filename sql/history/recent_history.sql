-- The latest runs of an integration. Parameters: integration_id, row_limit, row_offset.
-- Grain: one run; `total` is how many there are, however many are asked for. `error_message` also says what the run took over from
-- an integration whose place this one takes: M.O.S.S. has that in the details, for it is no error.
select history.id, history.sync_started_at, history.sync_completed_at,
       history.duration_seconds, history.status, history.sync_type, history.items_processed,
       history.items_created, history.items_updated, history.items_skipped, history.items_failed,
       nullif(concat_ws(' ', history.error_details ->> 'took_over', history.error_message), '') as error_message,
       run.run_id, run.triggered_by, history.triggered_by_user_id,
       count(*) over () as total
from moss_contract.integration_sync_history() as history
left join jamf_sync.sync_runs as run on run.history_id = history.id
where history.integration_config_id = %(integration_id)s
order by history.sync_started_at desc
limit %(row_limit)s offset %(row_offset)s
