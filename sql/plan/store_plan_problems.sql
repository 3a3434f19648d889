-- Keeps what a trial of a plan found, in place of what an earlier one found. Parameters: plan_id, problems (jsonb array of row_id, problem, detail).
with removed as (
  delete from jamf_sync.plan_problems as stored
  where plan_id = %(plan_id)s
    and not exists (select from jsonb_to_recordset(%(problems)s) as found (row_id bigint) where found.row_id = stored.row_id)
),
marked as (
  update jamf_sync.plans set validated_at = now() where plan_id = %(plan_id)s
)
insert into jamf_sync.plan_problems as stored (plan_id, row_id, problem, detail)
select %(plan_id)s, row_id, problem, detail
from jsonb_to_recordset(%(problems)s) as found (row_id bigint, problem text, detail text)
on conflict (plan_id, row_id) do update set problem = excluded.problem, detail = excluded.detail
