-- How many runs that were to write M.O.S.S. are in its history, and what they did in all. Parameters: integration_id.
-- Reads integration_sync_history. Grain: one type and status of run. The numbers fall when M.O.S.S. forgets old rows.
select sync_type, status, count(*) as runs, coalesce(sum(items_created), 0)::bigint as created,
       coalesce(sum(items_updated), 0)::bigint as updated, coalesce(sum(items_skipped), 0)::bigint as skipped,
       coalesce(sum(items_failed), 0)::bigint as failed,
       extract(epoch from max(sync_completed_at))::float8 as last_ended_at
from moss_contract.integration_sync_history()
where integration_config_id = %(integration_id)s
group by sync_type, status
order by sync_type, status
