-- The newest migration that the released M.O.S.S. recorded. Run only where public.schema_migrations has that column.
select max(migration_number) from public.schema_migrations
