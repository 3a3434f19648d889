-- The revision of Dagster's tables, as Dagster's migrations note it. Its table is known to be there
-- (dagster/has_revision); names without a schema are where the connection's search_path says.
-- Yields one row, if Dagster noted any.
select version_num as revision from alembic_version
