-- Has whoever starts a run of an integration wait for another one that does: both would find no run at work.
-- Parameters: integration_id. The lock is let go with the caller's transaction.
select pg_advisory_xact_lock(hashtextextended('moss_jamf starts a run of ' || %(integration_id)s::text, 0))
