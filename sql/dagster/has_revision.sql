-- Whether Dagster has made tables where the connection's search_path says, and noted their revision.
-- Yields one row.
select to_regclass('alembic_version') is not null as is_there
