-- Has whoever changes an integration's webhook secrets wait for another who does. Parameters: integration_id.
-- The lock is let go with the caller's transaction.
select pg_advisory_xact_lock(hashtextextended('moss_jamf webhook secrets of ' || %(integration_id)s::text, 0))
