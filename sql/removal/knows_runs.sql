-- Whether this database keeps which runs there were. Yields one row.
select to_regclass('jamf_sync.sync_runs') is not null and to_regclass('jamf_sync.run_plans') is not null as are_there
