-- Who started a run, and whether a later run took it for dead (the advisory lock of a live run is in sql/history/hold_run.sql).
-- An open row is looked for at the start of every run.

alter table jamf_sync.sync_runs
  add column triggered_by text,
  add column presumed_dead_at timestamptz;
comment on column jamf_sync.sync_runs.triggered_by is
  'A person''s address as given with --triggered-by, `command line: <user>`, `schedule`, `sensor <name>`, `backfill <id>` or `dagster ui`.';
comment on column jamf_sync.sync_runs.presumed_dead_at is
  'When a later run found nobody alive behind this one and closed it; if it lives after all, it closes its row itself.';
create index sync_runs_open on jamf_sync.sync_runs (integration_id) where finished_at is null;
