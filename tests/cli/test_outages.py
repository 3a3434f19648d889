"""PostgreSQL goes away under a sync and comes back: the sync ends with a sentence, and nobody waits for it."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import psycopg2
import pytest
from dagster import DagsterEventType, EventLogEntry
from dagster_postgres.event_log import PostgresEventLogStorage
from sqlalchemy.exc import OperationalError

from moss_jamf_pipeline.definitions import defs
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.engine.processes import identity_of
from moss_jamf_pipeline.orchestration import instance, launching
from moss_jamf_pipeline.orchestration.instance import open_instance
from moss_jamf_pipeline.orchestration.launching import InProcessLauncher
from moss_jamf_pipeline.services.runs import (
    RunEvent,
    RunOptions,
    RunReport,
    StepFinished,
    run_to_its_end,
)
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import SimulatorServer
from tests.cli.conftest import CommandLine, query, wait_until
from tests.support.databases import UNSAFE_BUT_FAST, DatabaseServer
from tests.support.dialects import STRATEGY
from tests.support.schema import create_moss

# Of a run that has lost its database; it took for ever.
_BOUND_SECONDS: Final = 60.0


@dataclass
class Outage:
    """A PostgreSQL that can be stopped, with M.O.S.S. and Dagster in it, and a command line that works on it."""

    postgres: EmbeddedPostgres
    server: DatabaseServer
    command_line: CommandLine

    @property
    def url(self) -> str:
        return self.command_line.environment["MOSS_DATABASE_URL"]

    def stop(self) -> None:
        """As a crash does: nobody is waited for."""
        self.postgres.stop()

    def crash(self) -> None:
        """Ends it at once; its supervisor starts it again."""
        postmaster = Path(str(self.postgres.status().directory)) / "data" / "postmaster.pid"
        pid = postmaster.read_text().splitlines()[0]
        os.kill(int(pid), signal.SIGQUIT)
        wait_until(
            lambda: (
                postmaster.exists() and postmaster.read_text().splitlines()[:1] not in ([], [pid])
            )
        )
        wait_until(self._answers)

    def start(self) -> None:
        self.postgres.start_and_keep()
        wait_until(self._answers)

    def _answers(self) -> bool:
        try:
            query(self.url, "select 1")
        except psycopg.OperationalError:
            return False
        return True

    def runs(self) -> list[str]:
        """How Dagster's runs stand, oldest first."""
        rows = query(
            self.command_line.environment["DAGSTER_PG_URL"], "select status from runs order by id"
        )
        return [row["status"] for row in rows]

    def slots(self) -> int:
        """How many slots of pools are taken, or asked for."""
        (row,) = query(
            self.command_line.environment["DAGSTER_PG_URL"],
            "select (select count(*) from concurrency_slots where run_id is not null)"
            " + (select count(*) from pending_steps) as taken",
        )
        return int(row["taken"])

    def history(self) -> list[str]:
        rows = query(
            self.url, "select status from integration_sync_history order by sync_started_at"
        )
        return [row["status"] for row in rows]


@pytest.fixture(scope="module")
def stoppable(jamf: SimulatorServer) -> Iterator[Outage]:
    """One server for the tests of this module; each leaves it running."""
    with (
        tempfile.TemporaryDirectory(prefix="moss-jamf-outage-") as place,
        pytest.MonkeyPatch.context() as patch,
    ):
        postgres = EmbeddedPostgres(Path(place) / "postgres", UNSAFE_BUT_FAST)
        postgres.start_and_keep()
        server = DatabaseServer(postgres.url("moss"))
        moss, dagster = (server.url_of(server.create(name)) for name in ("moss", "dagster"))
        create_moss(moss, STRATEGY)
        patch.setenv("DAGSTER_PG_URL", dagster)
        patch.setenv("MOSS_JAMF_STATE_DIR", f"{place}/state")
        open_instance(Settings()).dispose()
        environment = {
            "MOSS_DATABASE_URL": moss,
            "DAGSTER_PG_URL": dagster,
            "JAMF_BASE_URL": jamf.base_url,
            "JAMF_CLIENT_ID": jamf.client_id,
            "JAMF_CLIENT_SECRET": jamf.client_secret,
        }
        yield Outage(postgres, server, CommandLine(Path(place), environment))
        postgres.stop()


@dataclass
class _Disaster:
    """Befalls a run after a step.

    Attributes:
        step: after which.
        strike: what it is.
        strikes: how often it has struck.
    """

    step: str
    strike: Callable[[], None]
    strikes: int = 0

    def see(self, event: RunEvent) -> None:
        if isinstance(event, StepFinished) and event.step == self.step:
            self.strikes += 1
            self.strike()


def _sync(step: str = "", strike: Callable[[], None] = lambda: None) -> RunReport:
    """A sync as the command line runs it, in this process; something may happen after one of its steps."""
    settings = Settings()
    disaster = _Disaster(step, strike)
    with Workplace(settings) as workplace:
        report = run_to_its_end(
            workplace,
            settings.integration,
            RunOptions(),
            launcher=InProcessLauncher(settings, defs),
            observer=disaster,
            triggered_by="ada",
        )
    assert disaster.strikes == bool(step)
    return report


@pytest.fixture
def outage(stoppable: Outage, monkeypatch: pytest.MonkeyPatch) -> Outage:
    """The server for runs of this process, which has little patience."""
    for name, value in stoppable.command_line.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(stoppable.command_line.state_directory))
    monkeypatch.setattr(instance, "_SECONDS_FOR_A_RESTART", 0.0)
    monkeypatch.setattr(launching, "_SECONDS_FOR_A_RESTART", 0.0)
    return stoppable


def test_case_s01_a_run_that_lost_its_database_is_closed_by_the_next(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "identity_of", _process_that_has_ended)
    before, rows = len(outage.runs()), len(outage.history())
    lost = _sync("moss_people", outage.stop)
    assert lost.status == "failed"
    assert lost.failures[0].explanation.message.startswith("The run lost Dagster's database: ")
    outage.start()
    assert (outage.runs()[before:], outage.history()[rows:]) == (["STARTED"], ["in_progress"])

    assert _sync().status == "success"

    assert outage.runs()[before:] == ["FAILURE", "SUCCESS"]
    assert outage.history()[rows:] == ["failed", "success"]
    assert outage.slots() == 0


def _process_that_has_ended() -> str:
    place, pid, _ = str(identity_of()).split("|")
    return f"{place}|{pid}|1"


def test_case_s01_a_restart_between_two_steps_does_not_end_a_run(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(outage.runs())
    report = _sync("device_matches", outage.crash)
    assert (report.status, report.failures) == ("success", ())
    assert outage.runs()[before:] == ["SUCCESS"]
    assert outage.history()[-1] == "success"
    assert outage.slots() == 0


def test_case_s01_a_database_that_is_back_at_once_leaves_one_sentence_of_its_loss(
    outage: Outage, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A neighbour: what Dagster's half-run step records of its own end is no failure beside it."""
    store_event = PostgresEventLogStorage.store_event
    misses: list[str] = []

    def miss_one(storage: PostgresEventLogStorage, event: EventLogEntry) -> None:
        is_it = event.dagster_event_type is DagsterEventType.ASSET_MATERIALIZATION
        if is_it and "raw_jamf_buildings" in str(event.step_key) and not misses:
            misses.append(str(event.step_key))
            why = psycopg2.OperationalError("it went away")
            raise OperationalError("insert", {}, why) from why
        store_event(storage, event)

    monkeypatch.setattr(PostgresEventLogStorage, "store_event", miss_one)
    lost = _sync()
    assert len(misses) == 1
    assert lost.status == "failed"
    (failure,) = lost.failures
    assert failure.explanation.message == "The run lost Dagster's database: it went away."
    said = capfd.readouterr()
    assert "GeneratorExit" not in said.out + said.err
    monkeypatch.undo()


@contextmanager
def _devices_locked(outage: Outage) -> Iterator[psycopg.Connection]:
    """Keeps the run at its devices, with the people written."""
    holder = psycopg.connect(outage.url)
    holder.execute("lock table public.devices in share mode")
    yield holder
    holder.close()


def _people_are_written(outage: Outage) -> bool:
    return bool(query(outage.url, "select 1 from people limit 1")) and _somebody_waits(outage)


def _somebody_waits(outage: Outage) -> bool:
    """Whether a run of ours waits for a lock."""
    waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'moss-jamf'"
    return bool(query(outage.url, waiting))


def _edit_every_device(outage: Outage) -> None:
    """So that the next run has something to write there."""
    with psycopg.connect(outage.url) as person:
        person.execute("update public.devices set os_version = 'edited'")


@pytest.mark.nightly
def test_case_s01_a_run_that_loses_its_database_ends_with_a_sentence_and_is_waited_for_by_nobody(
    stoppable: Outage,
) -> None:
    _edit_every_device(stoppable)
    with _devices_locked(stoppable):
        process = stoppable.command_line.start("sync")
        wait_until(lambda: _people_are_written(stoppable))
        stoppable.stop()
        said = process.communicate(timeout=_BOUND_SECONDS)[1]
    assert process.returncode == 1
    assert "Traceback" not in said
    *_, what, remedy = said.strip().splitlines()
    assert what.startswith("The run lost Dagster's database: ")
    assert remedy.startswith("What to do: See that PostgreSQL runs, then run it again")
    assert all(line.startswith(("✓", what, remedy)) for line in said.splitlines() if line)
    stoppable.start()
    assert (stoppable.runs()[-1], stoppable.history()[-1]) == ("STARTED", "in_progress")

    again = stoppable.command_line.run("sync")

    assert again.returncode == 0
    assert "Waiting for another sync" not in again.stderr
    assert stoppable.runs()[-2:] == ["FAILURE", "SUCCESS"]
    assert stoppable.history()[-2:] == ["failed", "success"]
    assert stoppable.slots() == 0


@pytest.mark.nightly
def test_case_s01_a_killed_run_is_waited_for_by_nobody_and_a_live_one_for_a_while(
    stoppable: Outage,
) -> None:
    before = len(stoppable.runs())
    _edit_every_device(stoppable)
    with _devices_locked(stoppable):
        live = stoppable.command_line.start("sync")
        wait_until(lambda: _somebody_waits(stoppable))
        second = stoppable.command_line.run("sync", MOSS_JAMF_WAIT_MINUTES="0.01")
        live.kill()
        live.communicate()
    assert second.returncode == 1
    assert "Waiting for another sync to end, 0.01 minutes at most: run " in second.stderr
    assert "Another sync has not ended within 0.01 minutes: run " in second.stderr
    assert f"process {live.pid} on " in second.stderr

    third = stoppable.command_line.run("sync")

    assert third.returncode == 0
    assert "Waiting" not in third.stderr
    assert stoppable.runs()[before:] == ["FAILURE", "SUCCESS"]
    assert stoppable.slots() == 0
