-- Whether Dagster's own database has the tables that tell of its daemon and its sensors; a process
-- of Dagster's makes them, whoever looks does not. Names without a schema: they are where the
-- connection's search_path says. Yields one row.
select to_regclass('daemon_heartbeats') is not null
       and to_regclass('instigators') is not null as are_there
