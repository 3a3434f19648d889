-- Has whoever configures an integration wait for another one who does. Reads integration_configs. Parameters: integration_id.
-- The lock is let go with the caller's transaction. Yields at most one row: id.
select id from public.integration_configs where id = %(integration_id)s for update
