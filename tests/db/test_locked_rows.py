"""What another session holds is waited for no longer than a moment: the rest is written, the next run makes it good."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
import pytest

from moss_jamf_pipeline.moss.apply import applying, spans
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.moss.apply.spans import SpanWriter
from moss_jamf_pipeline.moss.apply.validation import validate_plan
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import TableLocked
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, counts_of

_PATIENCE: Final = "100ms"
_SLEEP: Final = "moss_jamf_pipeline.moss.apply.applying.time.sleep"


@dataclass(frozen=True)
class LockWait:
    """A statement waited for a lock in vain: while rows of a type were written, and for how long at most."""

    object_type: str
    bound: str


@pytest.fixture(autouse=True)
def lock_waits(monkeypatch: pytest.MonkeyPatch) -> list[LockWait]:
    """Waits are as many as always, and shorter. Yields those that there were."""
    monkeypatch.setattr(applying, "_PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr(spans, "_PATIENCE", _PATIENCE)
    found: list[LockWait] = []
    meet_lock = SpanWriter._meet_lock

    def note_and_meet_lock(writer: SpanWriter) -> None:
        ((bound,),) = writer.connection.execute("show lock_timeout").fetchall()
        found.append(LockWait(writer.parameters["object_type"], bound))
        meet_lock(writer)

    monkeypatch.setattr(SpanWriter, "_meet_lock", note_and_meet_lock)
    return found


def _assert_one_was_worth_a_wait(lock_waits: list[LockWait]) -> None:
    """Of each type of rows the first wait is as long as a person's patience; then the row is looked for without any."""
    bounds: dict[str, list[str]] = {}
    for wait in lock_waits:
        bounds.setdefault(wait.object_type, []).append(wait.bound)
    for first, *others in bounds.values():
        assert first in (_PATIENCE, spans._PATIENCE_OF_THE_SEARCH)
        assert set(others) <= {spans._PATIENCE_OF_THE_SEARCH}


@contextmanager
def _held(database: MossDatabase, statement: str) -> Iterator[psycopg.Connection]:
    """Another session, with a transaction open that has done something."""
    with database.connection() as other, other.transaction(force_rollback=True):
        other.execute("set local application_name = 'psql of ada'")
        other.execute(statement.encode())
        yield other


def _world(bench: Bench, name: str = "mac") -> None:
    """An object of every type, twice; `name` is in the fields that change from one sync to the next."""
    bench.building("7", "HQ")
    for number in ("1", "2"):
        bench.user(number, username=f"user{number}", email=f"{name}{number}@example.org")
        bench.computer_group(number, f"{name} {number}")
        bench.computer(
            number,
            hostname=f"{name}-{number}",
            username=f"user{number}",
            building_id="7",
            mac_address=f"A1:B2:C3:D4:E5:0{number}",
            mac_interface_type="wifi" if name == "mac" else "ethernet",
            static_group_ids=[number],
        )


def _outcomes(bench: Bench, plan: Plan, object_type: str) -> dict[str, str]:
    rows = bench.query(
        "select external_id, outcome from jamf_sync.change_plan where plan_id = %s and object_type = %s",
        plan.plan_id,
        object_type,
    )
    return {row["external_id"]: row["outcome"] for row in rows}


def _message(bench: Bench, plan: Plan) -> str:
    outcome = run_outcome(
        bench.connection, bench.integration, plan, bench.captures, plan.object_types
    )
    assert outcome.status == "partial"
    return outcome.message or ""


def _assert_the_next_run_makes_it_good(bench: Bench) -> None:
    again = bench.sync()
    assert all(count.locked == count.failed == 0 for count in again.counts)
    names = bench.query("select hostname from devices order by serial_number")
    assert names == [{"hostname": "renamed-1"}, {"hostname": "renamed-2"}]
    calm = bench.sync()
    assert all(count.unchanged == count.seen for count in calm.counts)


def test_case_s07_a_locked_device_waits_for_the_next_run_and_the_others_are_written(
    bench: Bench, database: MossDatabase, lock_waits: list[LockWait]
) -> None:
    _world(bench)
    bench.sync()
    _world(bench, "renamed")
    update = "update devices set notes = 'by ada' where serial_number = 'SERIAL1'"
    with _held(database, update):
        plan = bench.sync()
        assert (
            bench.value("select hostname from devices where serial_number = 'SERIAL1'") == "mac-1"
        )
    assert _outcomes(bench, plan, "device") == {"1": "locked", "2": "applied"}
    counts = counts_of(plan)["device"]
    assert (counts.updated, counts.locked, counts.adds_up) == (1, 1, True)
    message = _message(bench, plan)
    assert "1 change of devices was left out, because another session held what it needs" in message
    assert "mac-1 (SERIAL1)" in message
    assert "(psql of ada)" in message
    assert (
        bench.value("select status from jamf_sync.plans where plan_id = %s", plan.plan_id)
        == "applied"
    )
    _assert_the_next_run_makes_it_good(bench)
    assert lock_waits == []


@pytest.mark.parametrize(
    ("statement", "object_type"),
    [
        ("update people set notes = 'x' where username = 'user1'", "person"),
        ("select from people where username = 'user1' for update", "person"),
        ("update groups set notes = 'x' where external_id = '1'", "group"),
        ("update ios set interface_name = 'x' where mac_address like '%:01'", "io"),
        ("delete from devices where serial_number = 'SERIAL1'", "device"),
        (
            "update integration_object_mappings set last_synced_at = now() where external_type = 'computer'",
            "mapping",
        ),
        ("select from integration_object_mappings for update", "mapping"),
    ],
    ids=["person", "person for update", "group", "interface", "deletion", "link", "all links"],
)
def test_case_s07_so_do_other_rows(
    bench: Bench,
    database: MossDatabase,
    lock_waits: list[LockWait],
    statement: str,
    object_type: str,
) -> None:
    _world(bench)
    bench.sync()
    _world(bench, "renamed")
    with _held(database, statement):
        plan = bench.sync()
    assert bench.query(
        "select from jamf_sync.change_plan where object_type = %s and outcome = 'locked'",
        object_type,
    )
    assert "left out, because another session held what" in _message(bench, plan)
    assert all(count.adds_up and not count.failed for count in plan.counts)
    _assert_the_next_run_makes_it_good(bench)
    assert lock_waits == []


@pytest.mark.parametrize(
    ("statement", "locked"),
    [
        ("select from people where username = 'user1' for update", "device"),
        ("select from locations for update", "device"),
        (
            "insert into devices (hostname, serial_number, device_type) values ('mac-1', 'X', '{laptop}')",
            "device",
        ),
        ("insert into groups (name, group_type) values ('x', 'custom')", None),
    ],
    ids=["its person", "its location", "its host name", "nothing it needs"],
)
def test_case_s07_what_a_new_object_refers_to_may_be_locked_as_well(
    bench: Bench,
    database: MossDatabase,
    lock_waits: list[LockWait],
    statement: str,
    locked: str | None,
) -> None:
    _world(bench)
    _remove_computers(bench)
    bench.sync()
    _world(bench)
    text = statement.format(laptop=bench.dialect.laptop)
    with _held(database, text):
        plan = bench.sync()
    outcomes = _outcomes(bench, plan, "device")
    assert ("locked" in outcomes.values()) == (locked is not None)
    again = bench.sync()
    assert counts_of(again)["device"].locked == 0
    assert bench.value("select count(*) from devices") == 2
    assert bool(lock_waits) == (locked is not None)
    _assert_one_was_worth_a_wait(lock_waits)


def _remove_computers(bench: Bench) -> None:
    for number in ("1", "2"):
        bench.gone("computers", number)


def test_case_s07_a_lock_that_is_given_back_at_once_keeps_nothing_out(
    bench: Bench, database: MossDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of M.O.S.S.'s users are done in a moment: a row is looked at again before it is left."""
    _world(bench)
    bench.sync()
    _world(bench, "renamed")
    with database.connection() as other:
        other.execute("begin")
        other.execute("update devices set notes = 'by ada' where serial_number = 'SERIAL1'")
        monkeypatch.setattr(_SLEEP, lambda _: other.execute("commit"))
        applied = bench.sync()
    assert _outcomes(bench, applied, "device") == {"1": "applied", "2": "applied"}
    assert bench.query("select notes, hostname from devices where serial_number = 'SERIAL1'") == [
        {"notes": "by ada", "hostname": "renamed-1"}
    ]
    assert (
        run_outcome(
            bench.connection, bench.integration, applied, bench.captures, applied.object_types
        ).message
        is None
    )


def test_case_s07_no_row_of_ours_is_locked_while_somebody_is_waited_for(
    bench: Bench, database: MossDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    _world(bench)
    bench.sync()
    _world(bench, "renamed")
    looked: list[int] = []

    def look(_seconds: float) -> None:
        with database.connection() as third, third.transaction(force_rollback=True):
            rows = third.execute(
                "select from devices where serial_number = 'SERIAL2' for update nowait"
            )
            looked.append(rows.rowcount)

    monkeypatch.setattr(_SLEEP, look)
    with _held(database, "update devices set notes = 'x' where serial_number = 'SERIAL1'"):
        bench.sync()
    assert looked
    assert set(looked) == {1}


@pytest.mark.parametrize("mode", ["share", "access exclusive"])
def test_case_s07_a_whole_table_that_is_locked_ends_the_step_and_names_who_holds_it(
    bench: Bench,
    database: MossDatabase,
    monkeypatch: pytest.MonkeyPatch,
    lock_waits: list[LockWait],
    mode: str,
) -> None:
    monkeypatch.setattr(applying, "_SECONDS_FOR_A_TABLE", 0.0)
    _world(bench)
    plan = bench.plan()
    bench.execute("set lock_timeout = '100ms'")
    with (
        _held(database, f"lock table public.devices in {mode} mode") as other,
        pytest.raises(TableLocked) as caught,
    ):
        apply_objects(bench.connection, bench.integration, plan, "device")
    assert caught.value.is_transient
    said = str(caught.value)
    assert "keeps everybody from the table devices of M.O.S.S." in said
    assert f"session {other.info.backend_pid} of " in said
    assert f"select pg_terminate_backend({other.info.backend_pid})" in said
    assert "UTC" in said
    assert counts_of(bench.apply(plan))["device"].created == 2
    assert lock_waits == [LockWait("device", _PATIENCE)]


def test_case_s07_a_whole_table_that_is_locked_for_a_moment_is_waited_for(
    bench: Bench, database: MossDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    _world(bench)
    plan = bench.plan()
    waits: list[float] = []
    with database.connection() as other:
        other.execute("begin")
        other.execute("lock table public.devices in exclusive mode")

        def end_the_transaction(seconds: float) -> None:
            waits.append(seconds)
            other.execute("commit")

        monkeypatch.setattr(_SLEEP, end_the_transaction)
        applied = apply_objects(bench.connection, bench.integration, plan, "device")
    assert len(waits) == 1
    assert counts_of(applied)["device"].created == 2


def test_case_s07_the_trial_of_a_plan_says_what_it_could_not_try(
    bench: Bench, database: MossDatabase
) -> None:
    _world(bench)
    bench.sync()
    _world(bench, "renamed")
    plan = bench.plan()
    with _held(database, "update devices set notes = 'x' where serial_number = 'SERIAL1'"):
        trial = validate_plan(bench.connection, bench.integration, plan)
    assert trial.by_problem == {"locked": 1}
    assert counts_of(bench.apply(plan))["device"].updated == 2


@pytest.fixture
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited."""
    waits: list[float] = []
    monkeypatch.setattr(_SLEEP, waits.append)
    return waits


def test_where_nobody_holds_a_lock_nothing_waits(bench: Bench, nobody_waits: list[float]) -> None:
    _world(bench)
    bench.sync()
    _world(bench, "renamed")
    bench.sync()
    assert nobody_waits == []


def test_many_locked_rows_cost_no_wait_each(
    bench: Bench,
    database: MossDatabase,
    nobody_waits: list[float],
    lock_waits: list[LockWait],
) -> None:
    """`skip locked` finds them all at once: no row is looked for by waiting."""
    for number in range(100):
        bench.computer(str(number), hostname=f"mac-{number}")
    bench.sync()
    for number in range(100):
        bench.computer(str(number), hostname=f"renamed-{number}")
    with _held(database, "update devices set notes = 'x' where hostname <> 'mac-7'"):
        plan = bench.sync()
    assert counts_of(plan)["device"].locked == 99
    assert (
        bench.value("select hostname from devices where serial_number = 'SERIAL7'") == "renamed-7"
    )
    assert lock_waits == []
    assert len(nobody_waits) == len(applying._PAUSES)
