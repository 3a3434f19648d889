-- Remembers which plan a run applies; the first choice stands. Parameters: run_id, plan_id.
insert into jamf_sync.run_plans (run_id, plan_id) values (%(run_id)s, %(plan_id)s) on conflict (run_id) do nothing
