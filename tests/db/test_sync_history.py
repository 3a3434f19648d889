"""The history of runs: who started one, what is stored of its errors, and how a dead run is told from a live one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration import history
from moss_jamf_pipeline.moss.integration.history import (
    close_history,
    close_history_of_dead_runs,
    open_history,
    recent_history,
)
from moss_jamf_pipeline.moss.integration.run_lock import RunLock
from moss_jamf_pipeline.scrubbing import remember_secret
from tests.db.support import Bench, Row
from tests.support.properties import examples

_LOCK_OF_RUN = "hashtextextended('moss_jamf run ' || %s, 0)"

# The process of a run: takes the lock, opens the row, and works until it is killed.
_RUN = """
import sys
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.history import open_history
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.integration.run_lock import RunLock

database = MossDatabase(sys.argv[1])
lock = RunLock(database)
lock.hold(sys.argv[2])
with database.connection() as connection:
    integration = find_integration(connection)
    open_history(connection, integration.id, run_id=sys.argv[2], sync_type="full")
print("opened", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run_id() -> str:
    return f"run-{uuid4()}"


def _open(bench: Bench, run_id: str, **more: Any) -> None:
    open_history(bench.connection, bench.integration.id, run_id=run_id, sync_type="full", **more)


def _history(bench: Bench, run_id: str) -> Row:
    (row,) = [
        row
        for row in recent_history(bench.connection, bench.integration.id, limit=1000)
        if row["run_id"] == run_id
    ]
    return row


def _dead(bench: Bench) -> list[str]:
    return close_history_of_dead_runs(bench.connection, bench.integration.id)


def _last_sync(bench: Bench) -> Row:
    (row,) = bench.query(
        "select last_sync_status, last_sync_error from public.integration_configs where id = %s",
        bench.integration.id,
    )
    return row


@contextmanager
def _held(database: MossDatabase, run_id: str) -> Iterator[RunLock]:
    lock = RunLock(database)
    lock.hold(run_id)
    yield lock
    lock.release()


def _holders(bench: Bench, run_id: str) -> list[int]:
    """The server processes that hold a run's lock."""
    rows = bench.query(
        f"""select pid from pg_locks, {_LOCK_OF_RUN} as key
            where locktype = 'advisory' and objsubid = 1
              and (classid::bigint << 32) | objid::bigint = key order by pid""",
        run_id,
    )
    return [row["pid"] for row in rows]


def _wait_until_nobody_holds(bench: Bench, run_id: str) -> None:
    bench.query(f"select pg_advisory_lock({_LOCK_OF_RUN})::text", run_id)
    bench.query(f"select pg_advisory_unlock({_LOCK_OF_RUN})", run_id)


# -- dead runs -------------------------------------------------------------------------------------


def test_the_row_of_a_killed_process_is_closed_and_says_so(
    bench: Bench, moss_database: str, run_id: str, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, moss_database, run_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "MOSS_JAMF_STATE_DIR": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"opened\n"
    assert _dead(bench) == []
    assert _history(bench, run_id)["status"] == "in_progress"

    process.send_signal(signal.SIGKILL)
    process.communicate()
    _wait_until_nobody_holds(bench, run_id)

    assert _dead(bench) == [run_id]
    row = _history(bench, run_id)
    assert row["status"] == "failed"
    assert "killed" in row["error_message"]
    assert row["sync_completed_at"] is not None
    assert row["duration_seconds"] is None
    assert _last_sync(bench) == {
        "last_sync_status": "failed",
        "last_sync_error": row["error_message"],
    }
    assert _dead(bench) == []


def test_an_old_row_of_a_live_run_stays_open(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    with _held(database, run_id):
        _open(bench, run_id)
        bench.execute("update jamf_sync.sync_runs set started_at = started_at - interval '9 days'")
        assert _dead(bench) == []
        assert _history(bench, run_id)["status"] == "in_progress"


def test_a_run_that_ended_without_closing_its_row_counts_as_dead(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    with _held(database, run_id):
        _open(bench, run_id)
    _wait_until_nobody_holds(bench, run_id)
    assert _dead(bench) == [run_id]


def test_only_the_dead_among_several_runs_are_closed(bench: Bench, database: MossDatabase) -> None:
    live, dead, done = (f"run-{name}-{uuid4()}" for name in ("live", "dead", "done"))
    with _held(database, live):
        for run_id in (live, dead, done):
            _open(bench, run_id)
        close_history(bench.connection, run_id=done, status="success")
        assert _dead(bench) == [dead]
        assert _history(bench, live)["status"] == "in_progress"
        assert _history(bench, done)["status"] == "success"


def test_the_dead_runs_of_another_integration_are_left_to_it(bench: Bench, run_id: str) -> None:
    _open(bench, run_id)
    assert close_history_of_dead_runs(bench.connection, uuid4()) == []
    assert _dead(bench) == [run_id]


def test_two_that_look_at_once_close_a_row_once(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    _open(bench, run_id)
    with database.connection() as other:
        with bench.connection.transaction():
            assert _dead(bench) == [run_id]
            assert close_history_of_dead_runs(other, bench.integration.id) == []
        assert close_history_of_dead_runs(other, bench.integration.id) == []


def test_a_death_does_not_hide_how_a_later_run_ended(bench: Bench, run_id: str) -> None:
    later = f"run-later-{uuid4()}"
    _open(bench, run_id)
    _open(bench, later)
    close_history(bench.connection, run_id=later, status="success")
    assert _dead(bench) == [run_id]
    assert _last_sync(bench) == {"last_sync_status": "success", "last_sync_error": None}


# -- the lock --------------------------------------------------------------------------------------


def test_every_step_may_ask_for_the_lock_and_one_connection_holds_it_once(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    with _held(database, run_id) as lock:
        (holder,) = _holders(bench, run_id)
        lock.hold(run_id)
        assert _holders(bench, run_id) == [holder]


def test_a_run_of_several_processes_lives_as_long_as_one_of_them(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    _open(bench, run_id)
    with _held(database, run_id) as first:
        with _held(database, run_id):
            first.release()
            assert _dead(bench) == []
        _wait_until_nobody_holds(bench, run_id)
        assert _dead(bench) == [run_id]


def test_a_lock_whose_connection_was_lost_is_taken_anew(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    with _held(database, run_id) as lock:
        _open(bench, run_id)
        (lost,) = _holders(bench, run_id)
        bench.query("select pg_terminate_backend(%s, 5000)", lost)
        lock.hold(run_id)
        (new,) = _holders(bench, run_id)
        assert new != lost
        assert _dead(bench) == []


def test_a_run_taken_for_dead_while_its_connection_was_lost_closes_its_row_itself(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    with _held(database, run_id) as lock:
        _open(bench, run_id)
        bench.query("select pg_terminate_backend(%s, 5000)", _holders(bench, run_id)[0])
        assert _dead(bench) == [run_id]
        lock.hold(run_id)
        assert close_history(bench.connection, run_id=run_id, status="success")
    row = _history(bench, run_id)
    assert (row["status"], row["error_message"]) == ("success", None)
    assert row["duration_seconds"] is not None
    assert not close_history(bench.connection, run_id=run_id, status="failed")


def test_an_idle_session_limit_of_the_server_does_not_end_the_lock(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    name = sql.Identifier(bench.connection.info.dbname)
    bench.execute(sql.SQL("alter database {} set idle_session_timeout = '1h'").format(name))
    with _held(database, run_id) as lock:
        assert lock._connection is not None
        assert lock._connection.execute("show idle_session_timeout").fetchone() == ("0",)


# -- who started it --------------------------------------------------------------------------------


@pytest.fixture
def ada(trial: Bench) -> Any:
    """The id of a M.O.S.S. user whose address is stored as the web application stores it, escaped."""
    (user,) = trial.query(
        """with person as (
             insert into public.people (full_name, email, person_type)
             values ('Ada', 'ada@example.org', 'employee') returning id
           )
           insert into public.users (person_id, email, password_hash)
           select id, 'O&#x27;Ada@Example.org', 'x' from person returning id"""
    )
    return user["id"]


@pytest.mark.dialects("release")
@pytest.mark.parametrize("address", ["o'ada@example.org", "O'ADA@EXAMPLE.ORG"])
def test_a_user_of_moss_is_named_in_the_history(
    trial: Bench, run_id: str, ada: Any, address: str
) -> None:
    _open(trial, run_id, triggered_by=address)
    row = _history(trial, run_id)
    assert (row["triggered_by"], row["triggered_by_user_id"]) == (address, ada)


@pytest.mark.dialects("release")
def test_of_two_users_with_one_address_none_is_named(trial: Bench, run_id: str, ada: Any) -> None:
    trial.execute(
        """with person as (
             insert into public.people (full_name, email, person_type)
             values ('Ada', 'ada2@example.org', 'employee') returning id
           )
           insert into public.users (person_id, email, password_hash)
           select id, 'o''ada@example.org', 'x' from person"""
    )
    _open(trial, run_id, triggered_by="o'ada@example.org")
    row = _history(trial, run_id)
    assert (row["triggered_by"], row["triggered_by_user_id"]) == ("o'ada@example.org", None)


@pytest.mark.parametrize("trigger", ["grace@example.org", "command line: ada", "schedule", None])
def test_whoever_is_no_user_of_moss_is_named_in_our_own_table(
    trial: Bench, run_id: str, trigger: str | None
) -> None:
    _open(trial, run_id, triggered_by=trigger)
    row = _history(trial, run_id)
    assert (row["triggered_by"], row["triggered_by_user_id"]) == (trigger, None)


# -- what is stored of errors ----------------------------------------------------------------------

# Everything an exception can say, also what PostgreSQL cannot store.
_ANYTHING = st.text(st.characters(codec=None), max_size=120)


def _closed_with(trial: Bench, message: str, details: dict[str, Any] | None = None) -> Row:
    run_id = f"run-{uuid4()}"
    _open(trial, run_id)
    assert close_history(
        trial.connection,
        run_id=run_id,
        status="failed",
        error_message=message,
        error_details=details,
    )
    (row,) = trial.query(
        """select history.error_message, history.error_details, history.error_details::text as text
           from moss_contract.integration_sync_history() as history
           join jamf_sync.sync_runs as run on run.history_id = history.id where run.run_id = %s""",
        run_id,
    )
    return row


@settings(
    max_examples=examples(10),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=_ANYTHING, number=st.floats())
def test_whatever_an_exception_says_the_row_is_closed_and_holds_no_secret(
    trial: Bench, text: str, number: float
) -> None:
    remember_secret("s3cr3t-of-jamf")
    message = f"{text}s3cr3t-of-jamf{text}"
    row = _closed_with(trial, message, {"step": message, text: [number, {"token": text}]})
    assert "s3cr3t-of-jamf" not in row["error_message"] + row["text"]
    assert _last_sync(trial)["last_sync_error"] == row["error_message"]


def test_a_page_for_a_message_is_cut(trial: Bench) -> None:
    row = _closed_with(trial, "<p>Bad Gateway</p>" * 10_000, {"body": "x" * 10_000})
    assert len(row["error_message"]) == len(row["error_details"]["body"]) == 4_000
    assert row["error_message"].endswith("…")


def test_a_message_is_cut_after_its_secrets_are_gone(trial: Bench) -> None:
    row = _closed_with(trial, "x" * 3_985 + " password=" + "secret-word-" * 4)
    assert "secret" not in row["error_message"]


def test_the_roles_of_a_run_may_do_all_this(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    with database.reading() as connection:
        bench.connection = connection
        _open(bench, run_id, triggered_by="ada@example.org")
        assert _dead(bench) == [run_id]
        assert close_history(connection, run_id=run_id, status="success")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from public.integration_sync_history")


# -- rows that somebody holds ----------------------------------------------------------------------


@contextmanager
def _locked(database: MossDatabase, statement: str) -> Iterator[psycopg.Connection]:
    with database.connection() as other, other.transaction(force_rollback=True):
        other.execute(statement.encode())
        yield other


_LOCK_THE_INTEGRATION = "update public.integration_configs set sync_schedule = '0 3 * * *'"


def test_case_s07_an_integration_that_is_being_edited_keeps_no_run_from_its_history(
    bench: Bench, database: MossDatabase, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_PAUSES", (0.01,))
    bench.execute("set lock_timeout = '1s'")
    with _locked(database, _LOCK_THE_INTEGRATION):
        _open(bench, run_id)
        assert close_history(bench.connection, run_id=run_id, status="partial", error_message="x")
    assert (_history(bench, run_id)["status"], _last_sync(bench)["last_sync_status"]) == (
        "partial",
        None,
    )
    _open(bench, "the-next")
    close_history(bench.connection, run_id="the-next", status="success")
    assert _last_sync(bench) == {"last_sync_status": "success", "last_sync_error": None}


def test_case_s07_the_end_of_a_run_is_shown_as_soon_as_the_integration_is_free(
    bench: Bench, database: MossDatabase, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open(bench, run_id)
    with database.connection() as other:
        other.execute("begin")
        other.execute(_LOCK_THE_INTEGRATION)
        monkeypatch.setattr(
            "moss_jamf_pipeline.moss.integration.history.time.sleep",
            lambda _: other.execute("commit"),
        )
        close_history(bench.connection, run_id=run_id, status="failed", error_message="why")
    assert _last_sync(bench) == {"last_sync_status": "failed", "last_sync_error": "why"}


def test_case_s07_a_row_of_a_dead_run_that_somebody_holds_is_closed_by_a_later_run(
    bench: Bench, database: MossDatabase, run_id: str
) -> None:
    bench.execute("set lock_timeout = '1s'")
    _open(bench, run_id)
    with _locked(database, "select from public.integration_sync_history for update"):
        assert _dead(bench) == []
    assert _dead(bench) == [run_id]
    assert _history(bench, run_id)["status"] == "failed"


def test_a_dead_run_whose_row_was_deleted_is_forgotten(bench: Bench, run_id: str) -> None:
    _open(bench, run_id)
    bench.execute("delete from public.integration_sync_history")
    assert _dead(bench) == [run_id]
    assert _dead(bench) == []
