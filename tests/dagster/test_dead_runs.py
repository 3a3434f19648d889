"""Runs whose process is gone are told from those that live by lock and process, and nobody waits for ever."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import dagster as dg
import pytest

from moss_jamf_pipeline.engine.processes import described, identity_of, is_gone
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.history import open_history
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.integration.run_lock import RunLock, held_runs, place_of_locks
from moss_jamf_pipeline.orchestration import recovery
from moss_jamf_pipeline.orchestration.recovery import PoolWait, RunWatch, WaitedTooLong
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.orchestration.tags import LOCK_PLACE_TAG, PROCESS_TAG, TRIGGERED_BY_TAG
from tests.support.waiting import wait_until_free

_POOL = "moss_writes"
_ELSEWHERE = "another-machine/boot/|4711|1"


@pytest.fixture
def database(moss_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MossDatabase]:
    monkeypatch.setenv("MOSS_DATABASE_URL", moss_database)
    database = MossDatabase(moss_database)
    yield database
    database.dispose()


@pytest.fixture
def place(database: MossDatabase) -> str:
    with database.reading() as connection:
        return place_of_locks(connection)


@pytest.fixture
def gone() -> str:
    """The identity of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = identity_of(process.pid)
    assert identity is not None
    assert is_gone(identity) is False
    process.kill()
    process.wait()
    return identity


@contextmanager
def _held(database: MossDatabase, run_id: str) -> Iterator[None]:
    lock = RunLock(database)
    lock.hold(run_id)
    yield
    lock.release()
    with database.connection() as connection:
        wait_until_free(connection, run_id)


def _run(
    instance: dg.DagsterInstance,
    place: str,
    process: str | None,
    *,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
) -> str:
    """A run that works, or seems to, and has a slot of the pool."""
    tags = {LOCK_PLACE_TAG: place, TRIGGERED_BY_TAG: "command line: ada"}
    run = instance.create_run_for_job(
        job_def=_JOB, tags=tags | ({} if process is None else {PROCESS_TAG: process}), status=status
    )
    instance.event_log_storage.set_concurrency_slots(_POOL, 1)
    instance.event_log_storage.claim_concurrency_slot(_POOL, run.run_id, "moss_devices")
    return run.run_id


@dg.job
def _JOB() -> None:  # noqa: N802 - it is one
    """Nothing."""


def _slots_of(instance: dg.DagsterInstance) -> set[str]:
    info = instance.event_log_storage.get_concurrency_info(_POOL)
    return {*info.active_run_ids, *info.pending_run_ids, *info.assigned_run_ids}


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


# -- a process ---------------------------------------------------------------------------------


def test_this_process_is_there_and_one_of_another_machine_is_not_known() -> None:
    here = identity_of()
    assert here is not None
    assert is_gone(here) is False
    assert is_gone(_ELSEWHERE) is None
    assert is_gone("") is None
    assert described(_ELSEWHERE) == "process 4711 on another-machine"
    assert described("") == ""


def test_an_id_that_was_given_out_anew_is_another_process() -> None:
    place, pid, _ = str(identity_of()).split("|")
    assert is_gone(f"{place}|{pid}|1") is True


# -- a run -------------------------------------------------------------------------------------


def test_case_s01_a_run_of_the_command_line_without_lock_and_process_is_closed_everywhere(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, place: str, gone: str
) -> None:
    run_id = _run(dagster_instance, place, gone)
    with database.reading() as connection:
        integration = find_integration(connection)
        open_history(connection, integration.id, run_id=run_id, sync_type="full")

    assert RunWatch(dagster_instance, database).close_dead() == [run_id]

    assert _status(dagster_instance, run_id) is dg.DagsterRunStatus.FAILURE
    assert _slots_of(dagster_instance) == set()
    with database.connection() as connection:
        (row,) = connection.execute(
            "select status, error_message from public.integration_sync_history"
        ).fetchall()
    assert row[0] == "failed"
    assert "it was killed, or it lost its database" in row[1]
    assert RunWatch(dagster_instance, database).close_dead() == []


@pytest.mark.parametrize("process", ["gone", "elsewhere", "unknown"])
def test_a_run_whose_lock_is_held_is_alive(
    dagster_instance: dg.DagsterInstance,
    database: MossDatabase,
    place: str,
    gone: str,
    process: str,
) -> None:
    tag = {"gone": gone, "elsewhere": _ELSEWHERE, "unknown": None}[process]
    run_id = _run(dagster_instance, place, tag)
    with _held(database, run_id):
        assert RunWatch(dagster_instance, database, seconds_free=0).close_dead() == []
        with database.reading() as connection:
            assert held_runs(connection, [run_id, str(uuid4())]) == {run_id}
    assert _status(dagster_instance, run_id) is dg.DagsterRunStatus.STARTED


def test_a_run_that_lost_its_lock_is_alive_as_long_as_its_process_is(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, place: str
) -> None:
    run_id = _run(dagster_instance, place, identity_of())
    assert RunWatch(dagster_instance, database, seconds_free=0).close_dead() == []
    assert _status(dagster_instance, run_id) is dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize("process", [_ELSEWHERE, None])
def test_where_nobody_can_ask_for_the_process_the_lock_has_to_be_free_for_a_while(
    dagster_instance: dg.DagsterInstance,
    database: MossDatabase,
    place: str,
    process: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1_000.0
    monkeypatch.setattr(f"{recovery.__name__}.time.monotonic", lambda: now)
    run_id = _run(dagster_instance, place, process)
    watch = RunWatch(dagster_instance, database)
    assert watch.close_dead() == []
    now += 29
    assert watch.close_dead() == []
    with _held(database, run_id):  # it takes its lock again
        assert watch.close_dead() == []
    now += 29
    assert watch.close_dead() == []
    now += 31
    assert watch.close_dead() == [run_id]


def test_a_run_that_somebody_terminated_and_whose_process_is_gone_was_cancelled(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, place: str, gone: str
) -> None:
    run_id = _run(dagster_instance, place, gone)
    run = dagster_instance.get_run_by_id(run_id)
    assert run is not None
    dagster_instance.report_run_canceling(run)
    assert RunWatch(dagster_instance, database).close_dead() == [run_id]
    assert _status(dagster_instance, run_id) is dg.DagsterRunStatus.CANCELED


def test_runs_that_hold_their_lock_in_another_database_are_left_alone(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, gone: str
) -> None:
    """Two M.O.S.S. may share one Dagster."""
    _run(dagster_instance, "another cluster/1", gone)
    assert RunWatch(dagster_instance, database, seconds_free=0).close_dead() == []


def test_while_the_database_is_away_nobody_is_called_dead(
    dagster_instance: dg.DagsterInstance, place: str, gone: str
) -> None:
    _run(dagster_instance, place, gone)
    away = MossDatabase("postgresql://nobody:secret@127.0.0.1:1/moss")
    assert RunWatch(dagster_instance, away, seconds_free=0).close_dead() == []


def test_a_run_of_the_daemon_says_where_its_lock_is_before_its_first_step(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, place: str
) -> None:
    held: list[frozenset[str]] = []

    @dg.op
    def look(context: dg.OpExecutionContext, moss: MossResource) -> None:
        with database.reading() as connection:
            held.append(held_runs(connection, [context.run_id]))

    @dg.job(executor_def=dg.in_process_executor, resource_defs={"moss": MossResource()})
    def looking() -> None:
        look()

    result = looking.execute_in_process(instance=dagster_instance)
    assert held == [{result.run_id}]
    run = dagster_instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[LOCK_PLACE_TAG] == place
    with database.reading() as connection:
        assert held_runs(connection, [result.run_id]) == frozenset()


# -- waiting -----------------------------------------------------------------------------------


def _wait(
    instance: dg.DagsterInstance, database: MossDatabase, seconds: float, said: list[str]
) -> PoolWait:
    return PoolWait(instance, RunWatch(instance, database), seconds, said.append)


def test_case_s01_a_wait_for_a_live_run_says_for_whom_it_is_and_ends(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, place: str
) -> None:
    run_id = _run(dagster_instance, place, identity_of())
    said: list[str] = []
    wait = _wait(dagster_instance, database, 60, said)
    assert not wait.is_over([_POOL])
    assert not wait.is_over([_POOL])
    (sentence,) = said
    assert sentence.startswith("Waiting for another sync to end, 1 minute at most: run ")
    for part in (run_id[:8], "started by command line: ada at 20", f"process {os.getpid()} on "):
        assert part in sentence

    with pytest.raises(WaitedTooLong) as caught:
        _wait(dagster_instance, database, -1, said).is_over([_POOL])
    assert run_id[:8] in caught.value.message
    assert "terminate it in the Dagster UI" in caught.value.remedy
    assert "MOSS_JAMF_WAIT_MINUTES" in caught.value.remedy


def test_a_dead_run_is_not_waited_for(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, place: str, gone: str
) -> None:
    run_id = _run(dagster_instance, place, gone)
    said: list[str] = []
    assert _wait(dagster_instance, database, 60, said).is_over([_POOL])
    assert said == []
    assert _status(dagster_instance, run_id) is dg.DagsterRunStatus.FAILURE


def test_a_run_that_has_ended_gives_its_slots_back(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, place: str
) -> None:
    run_id = _run(dagster_instance, place, None)
    run = dagster_instance.get_run_by_id(run_id)
    assert run is not None
    dagster_instance.report_run_failed(run)
    assert _wait(dagster_instance, database, 60, []).is_over([_POOL])
    assert _slots_of(dagster_instance) == set()


@dg.op(pool=_POOL)
def _write() -> None:
    """Nothing."""


@dg.job(executor_def=dg.in_process_executor)
def _writing() -> None:
    _write()


def _execute(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return _writing.execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


def test_case_s01_a_step_does_not_wait_for_the_slot_of_a_dead_run(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, place: str, gone: str
) -> None:
    run_id = _run(dagster_instance, place, gone)
    assert _execute(dagster_instance).success
    assert _status(dagster_instance, run_id) is dg.DagsterRunStatus.FAILURE


def test_a_step_gives_up_waiting_for_a_live_run_and_says_for_whom_it_waited(
    dagster_instance: dg.DagsterInstance,
    database: MossDatabase,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOSS_JAMF_WAIT_MINUTES", "0")
    monkeypatch.setattr(recovery, "_SECONDS_BETWEEN_LOOKS", 0.01)
    run_id = _run(dagster_instance, place, identity_of())
    result = _execute(dagster_instance)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_job_failure]
    error = failure.job_failure_data.error
    assert error is not None
    assert f"Another sync has not ended within 0 minutes: run {run_id[:8]}" in str(error)


def test_a_pool_that_is_closed_is_not_waited_for_for_ever(
    dagster_instance: dg.DagsterInstance, database: MossDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_WAIT_MINUTES", "0")
    dagster_instance.event_log_storage.set_concurrency_slots(_POOL, 0)
    result = _execute(dagster_instance)
    (failure,) = [event for event in result.all_events if event.is_job_failure]
    assert "Look at its limit in the Dagster UI" in str(failure.job_failure_data.error)


def _interrupt_this_process(_: str, *__: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def _terminate_in_the_ui(run_id: str, instance: dg.DagsterInstance) -> None:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_canceled(run)


@pytest.mark.parametrize("end", [_interrupt_this_process, _terminate_in_the_ui])
def test_a_step_that_waits_hears_that_its_run_is_to_end(
    dagster_instance: dg.DagsterInstance,
    database: MossDatabase,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[..., None],
) -> None:
    _run(dagster_instance, place, identity_of())
    waiting = _writing.execute_in_process

    def end_the_run(_seconds: float) -> None:
        (run,) = dagster_instance.get_runs(dg.RunsFilter(job_name="_writing"))
        end(run.run_id, dagster_instance)

    monkeypatch.setattr(f"{recovery.__name__}.time.sleep", end_the_run)
    began = time.monotonic()
    try:
        result = waiting(instance=dagster_instance, raise_on_error=False)
        assert not result.success
    except KeyboardInterrupt:
        pass
    assert time.monotonic() - began < 60
    (run,) = dagster_instance.get_runs(dg.RunsFilter(job_name="_writing"))
    assert run.is_finished
