"""Waiting for what another session does, and not for a while."""

from time import monotonic

import psycopg

from moss_jamf_pipeline.moss.integration.run_lock import held_runs

_SECONDS = 60


def wait_for_advisory_lock(watching: psycopg.Connection, process: int) -> None:
    """Returns when the server's process waits for an advisory lock; fails if it does not within a minute."""
    deadline = monotonic() + _SECONDS
    while monotonic() < deadline:
        row = watching.execute(
            "select from pg_stat_activity where pid = %s and wait_event = 'advisory'", (process,)
        ).fetchone()
        if row is not None:
            return
    raise AssertionError(f"the process {process} never waited for an advisory lock")


def wait_until_free(watching: psycopg.Connection, run_id: str) -> None:
    """Returns when nobody holds a run's lock: a session that is closed ends a moment later."""
    deadline = monotonic() + _SECONDS
    while held_runs(watching, [run_id]):
        assert monotonic() < deadline, f"somebody holds the lock of run {run_id}"
