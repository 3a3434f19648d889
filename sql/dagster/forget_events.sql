-- Deletes the log of runs, but for what they materialised: from that Dagster tells which slots are
-- there, draws its plots, and knows the newest of each asset. Parameters: run_ids (text[]).
-- Names without a schema are where the connection's search_path says.
delete from event_logs
where run_id = any (%(run_ids)s::text[])
  and coalesce(dagster_event_type, '')
      not in ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION', 'ASSET_CHECK_EVALUATION')
