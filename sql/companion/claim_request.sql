-- Keeps that a request with an idempotency key starts a run: who sends it twice, because the first answer was lost, gets the same run.
-- Reads and writes requested_runs. Parameters: integration_id, idempotency_key, request_id, scope, requested_by.
-- Two requests at once: the key is unique, the second waits for the first and finds its row in its next statement.
-- Yields one row: request_id, scope, requested_by of the first request of this key.
insert into jamf_sync.requested_runs (integration_id, idempotency_key, request_id, scope, requested_by)
values (%(integration_id)s, %(idempotency_key)s, %(request_id)s, %(scope)s, %(requested_by)s)
on conflict (integration_id, idempotency_key) do update set scope = requested_runs.scope
returning request_id, scope, requested_by
