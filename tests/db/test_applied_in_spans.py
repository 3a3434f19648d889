"""Many changes are written in several transactions: no object of M.O.S.S. is locked until all the others are done."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.moss.apply import applying
from moss_jamf_pipeline.moss.apply.validation import validate_plan
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, counts_of
from tests.support.properties import examples
from tests.support.waiting import wait_for_advisory_lock

_SERIALS = tuple(f"C02SPAN0000{number}" for number in range(1, 10))


@pytest.fixture(autouse=True)
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut at thousands of objects is cut at two."""
    monkeypatch.setattr(applying, "_MOST_LOCKED", 2)


def _fleet(bench: Bench, names: dict[str, str]) -> None:
    """JAMF says that these machines have these names: serial number to host name."""
    for serial, hostname in names.items():
        bench.computer(serial[-1], serial_number=serial, hostname=hostname)


def _named(bench: Bench) -> dict[str, str]:
    rows = bench.query("select serial_number, hostname from devices")
    return {row["serial_number"]: row["hostname"] for row in rows}


def _spans(bench: Bench) -> list[list[str]]:
    """What the newest plan changed, put together by the transaction that wrote it, in order."""
    rows = bench.query(
        """select array_agg(external_id order by external_id) as ids from jamf_sync.change_plan
           where plan_id = (select max(plan_id) from jamf_sync.plans) and object_type = 'device' and outcome = 'applied'
           group by applied_at order by applied_at"""
    )
    return [row["ids"] for row in rows]


def _when_renamed(bench: Bench, name: str, action: str) -> None:
    """M.O.S.S. does something when a device gets a name, by a trigger of its owner."""
    bench.execute(
        f"""create function public.when_renamed() returns trigger language plpgsql security definer as
            $$ begin if new.hostname = '{name}' then {action}; end if; return new; end $$;
            create trigger when_renamed before update on public.devices
            for each row execute function public.when_renamed()"""
    )


def _last_renamed(bench: Bench, plan: Plan) -> str:
    """The name that a plan gives the last device, which is in its last span."""
    name = bench.value(
        """select after ->> 'hostname' from jamf_sync.change_plan
           where plan_id = %s and object_type = 'device' order by row_id desc limit 1""",
        plan.plan_id,
    )
    return str(name)


def test_while_a_later_span_waits_the_earlier_one_is_written_and_free(
    bench: Bench, database: MossDatabase
) -> None:
    _fleet(bench, {serial: f"old-{serial[-1]}" for serial in _SERIALS[:6]})
    bench.sync()
    _fleet(bench, {serial: f"new-{serial[-1]}" for serial in _SERIALS[:6]})
    plan = bench.plan()
    last = _last_renamed(bench, plan)
    _when_renamed(bench, last, "perform pg_advisory_xact_lock(12)")
    with (
        database.connection() as gate,
        database.connection() as user,
        ThreadPoolExecutor(1) as elsewhere,
    ):
        gate.execute("select pg_advisory_lock(12)")
        applied = elsewhere.submit(bench.apply, plan)
        wait_for_advisory_lock(gate, bench.connection.info.backend_pid)
        # Whoever works in M.O.S.S. sees what is done, and can go on with it.
        user.execute("set lock_timeout = '100ms'")
        written = user.execute(
            "update devices set notes = 'by ada' where hostname like 'new-%' returning hostname"
        ).fetchall()
        gate.execute("select pg_advisory_unlock(12)")
        applied.result(timeout=60)
    assert len(written) == 4
    assert (last,) not in written
    assert _named(bench) == {serial: f"new-{serial[-1]}" for serial in _SERIALS[:6]}
    assert [len(span) for span in _spans(bench)] == [2, 2, 2]


def test_devices_that_exchange_their_names_are_renamed_together_however_far_apart(
    bench: Bench,
) -> None:
    before = {serial: f"mac-{serial[-1]}" for serial in _SERIALS[:8]}
    _fleet(bench, before)
    bench.sync()
    after = {
        **{serial: f"renamed-{serial[-1]}" for serial in _SERIALS[:8]},
        _SERIALS[0]: "mac-8",  # a swap
        _SERIALS[7]: "mac-1",
        _SERIALS[2]: "mac-6",  # a chain
        _SERIALS[8]: "mac-4",  # a new Mac that takes the name of one that is renamed
    }
    _fleet(bench, after)
    plan = bench.plan()
    tried = validate_plan(bench.connection, bench.integration, plan)
    assert (tried.problems, _named(bench)) == (0, before)
    counts = counts_of(bench.apply(plan))["device"]
    assert (counts.updated, counts.created, counts.failed) == (8, 1, 0)
    assert _named(bench) == after
    spans = _spans(bench)
    assert spans[0] == ["1", "3", "4", "6", "8"]
    assert spans[-1] == ["9"]


def test_what_is_refused_in_one_span_is_told_of_once_and_keeps_no_other_from_being_written(
    bench: Bench,
) -> None:
    _fleet(bench, {serial: f"old-{serial[-1]}" for serial in _SERIALS[:5]})
    bench.sync()
    _when_renamed(bench, "new-3", "raise 'not this one' using errcode = 'MY001'")
    _fleet(bench, {serial: f"new-{serial[-1]}" for serial in _SERIALS[:5]})
    plan = bench.plan()
    tried = validate_plan(bench.connection, bench.integration, plan)
    assert tried.by_problem == {"failed": 1}
    assert [example["detail"] for example in tried.examples] == ["not this one"]
    counts = counts_of(bench.apply(plan))["device"]
    assert (counts.updated, counts.failed, counts.adds_up) == (4, 1, True)
    assert _named(bench)[_SERIALS[2]] == "old-3"


def test_a_trial_holds_no_device_that_it_has_tried(bench: Bench, database: MossDatabase) -> None:
    _fleet(bench, {serial: f"old-{serial[-1]}" for serial in _SERIALS[:4]})
    bench.sync()
    _fleet(bench, {serial: f"new-{serial[-1]}" for serial in _SERIALS[:4]})
    plan = bench.plan()
    with bench.connection.transaction(force_rollback=True), database.connection() as user:
        assert applying.try_objects(bench.connection, bench.integration, plan, "device") == []
        user.execute("set lock_timeout = '100ms'")
        assert user.execute("update devices set notes = 'by ada'").rowcount == 4


@settings(
    max_examples=examples(5),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    courses=st.lists(
        st.permutations([f"mac-{number}" for number in range(7)]), min_size=2, max_size=3
    )
)
def test_any_exchange_of_names_is_carried_out_whole(trial: Bench, courses: list[list[str]]) -> None:
    with trial.connection.transaction(force_rollback=True):
        for names in courses:
            _fleet(trial, dict(zip(_SERIALS, names[:5], strict=False)))
            counts = counts_of(trial.sync())["device"]
            assert counts.failed == 0
            assert _named(trial) == dict(zip(_SERIALS, names[:5], strict=False))


def test_an_apply_that_is_cut_off_between_spans_is_made_good_by_the_next(
    bench: Bench, database: MossDatabase
) -> None:
    _fleet(bench, {serial: f"old-{serial[-1]}" for serial in _SERIALS[:6]})
    bench.sync()
    _fleet(bench, {serial: f"new-{serial[-1]}" for serial in _SERIALS[:6]})
    plan = bench.plan()
    last = _last_renamed(bench, plan)
    _when_renamed(bench, last, "perform pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(psycopg.OperationalError):
        bench.apply(plan)
    with database.connection() as connection:
        later = Bench(connection, bench.integration, bench.dialect)
        later.captures = bench.captures
        assert sum(name.startswith("new-") for name in _named(later).values()) == 4
        connection.execute("drop trigger when_renamed on public.devices")
        applied = later.apply(plan)
        assert counts_of(applied)["device"].failed == 0
        assert _named(later) == {serial: f"new-{serial[-1]}" for serial in _SERIALS[:6]}
        assert counts_of(later.sync())["device"].unchanged == 6
