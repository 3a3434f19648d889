-- Which plan a run applies, and since when. Parameters: run_id.
select plan_id, chosen_at from jamf_sync.run_plans where run_id = %(run_id)s
