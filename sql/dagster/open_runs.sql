-- The runs that have not ended, as Dagster's own tables tell it (names without a schema are where the
-- connection's search_path says). Grain: one run. Yields run_id.
select run_id from runs where status not in ('SUCCESS', 'FAILURE', 'CANCELED')
