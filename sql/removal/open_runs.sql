-- The runs that this database knows of and that may not have ended. Grain: one run. Yields run_id. Which of
-- them are alive, their locks tell (history/held_runs).
select run_id from jamf_sync.sync_runs where finished_at is null
union
select run_id from jamf_sync.run_plans
