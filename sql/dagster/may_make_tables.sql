-- Whether this log-in may make Dagster's tables where the connection's search_path says. Yields one
-- row: whether the schema is there, and whether the log-in may create tables in it, or, before it is
-- there, may create it.
select current_schema() is not null as schema_is_there,
       case when current_schema() is not null then has_schema_privilege(current_schema(), 'create')
            else has_database_privilege(current_database(), 'create') end as may_create
