-- The oldest slot that something was captured for, as Dagster's log has it: whoever has had syncs
-- before this is asked keeps their slots. A key sorts as the time that it means. No parameters.
-- Yields one row; names without a schema are where the connection's search_path says.
select min(partition) as slot
from event_logs
where dagster_event_type = 'ASSET_MATERIALIZATION' and partition is not null
