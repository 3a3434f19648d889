-- Remembers which plan a run applies, and since when; the first choice stands.
-- Parameters: run_id, plan_id. Yields the one row that stands. Reads and writes run_plans.
with chosen as (
  insert into jamf_sync.run_plans (run_id, plan_id) values (%(run_id)s, %(plan_id)s)
  on conflict (run_id) do nothing
  returning plan_id, chosen_at
)
select plan_id, chosen_at from chosen
union all
select plan_id, chosen_at from jamf_sync.run_plans where run_id = %(run_id)s
limit 1
