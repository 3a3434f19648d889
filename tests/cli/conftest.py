"""`moss-jamf` as a person uses it: real processes, in a directory and with an environment of their own."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg.rows import dict_row

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.sync import Order, sync
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.plan.planning import newest_plan
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.support.databases import UNSAFE_BUT_FAST, DatabaseServer
from tests.support.forked import ForkedCommand, run_forked

SMALL_FLEET = ("--computers=40", "--users=30", "--groups=6")
NOBODY = "http://127.0.0.1:1"
_SECONDS_TO_END = 60.0


@dataclass
class CommandLine:
    """A shell in a directory of its own.

    Attributes:
        directory: its working directory; the state directory is below it.
        environment: what it sets besides the tests' own environment.
    """

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def state_directory(self) -> Path:
        return self.directory / "state"

    def run(
        self, *arguments: str, stdin: str = "", **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end; whatever it says, it is no traceback, unless it is asked for."""
        result = run_forked(
            arguments,
            directory=self.directory,
            environment=self._environment(environment),
            stdin=stdin,
        )
        assert "--verbose" in arguments or "Traceback" not in result.stderr + result.stdout
        return result

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Runs a command with --json; its standard output is one document and nothing else."""
        result = self.run(*arguments, "--json")
        assert result.returncode == code, result.stderr
        return json.loads(result.stdout)

    def start(self, *arguments: str, stdin: int | None = None, **environment: str) -> ForkedCommand:
        """Starts a command that works for a while, as the leader of a process group."""
        return ForkedCommand(
            arguments,
            directory=self.directory,
            environment=self._environment(environment),
            stdin=stdin,
        )

    def sync_by_engine(self) -> int:
        """Syncs as `moss-jamf sync` does, without Dagster, where the run is not the subject; returns the plan."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            database = MossDatabase(self.environment["MOSS_DATABASE_URL"])
            try:
                outcome = sync(SCOPES["everything"], database, Settings(), order=Order())
                assert not outcome.failures, outcome.failures
                with database.connection() as connection:
                    found = find_integration(connection, Settings().integration)
                    return newest_plan(connection, found.id).plan_id
            finally:
                database.dispose()

    def stop_database(self) -> None:
        EmbeddedPostgres(self.state_directory / "postgres").stop()

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "MOSS_JAMF_STATE_DIR": str(self.state_directory),
            **self.environment,
            **more,
        }


def query(url: str, statement: str) -> list[dict[str, Any]]:
    """The rows of a statement, in a connection of its own."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(statement).fetchall()


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds; fails if it does not within a minute."""
    deadline = time.monotonic() + _SECONDS_TO_END
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def descendants(process: ForkedCommand) -> list[psutil.Process]:
    """The processes that a process has started, directly or not, and that still work."""
    started = psutil.Process(process.pid).children(recursive=True)
    return [descendant for descendant in started if _is_alive(descendant)]


def command_of(process: psutil.Process) -> list[str]:
    """What a process was started with; nothing of one that has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def all_ended(processes: list[psutil.Process]) -> bool:
    """Whether none of these processes works any more."""
    return not any(_is_alive(process) for process in processes)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def command_line(tmp_path: Path) -> Iterator[CommandLine]:
    """A shell with nothing in its environment: it uses an embedded server of its own."""
    command_line = CommandLine(tmp_path)
    yield command_line
    command_line.stop_database()


@pytest.fixture(scope="session")
def jamf() -> Iterator[SimulatorServer]:
    """A simulated JAMF Pro that several tests read from."""
    with SimulatorServer(SimulatorConfig(computers=40, users=30, groups=6)) as server:
        yield server


@pytest.fixture
def moss_command_line(
    tmp_path: Path,
    moss_database: str,
    postgres_server: DatabaseServer,
    dagster_template_database: str,
    jamf: SimulatorServer,
) -> Iterator[CommandLine]:
    """A shell of an operator: a prepared M.O.S.S. database, a Dagster database and a JAMF server are configured."""
    name = postgres_server.create("dagster", template=dagster_template_database)
    yield CommandLine(
        tmp_path,
        {
            "MOSS_DATABASE_URL": moss_database,
            "DAGSTER_PG_URL": postgres_server.url_of(name),
            "JAMF_BASE_URL": jamf.base_url,
            "JAMF_CLIENT_ID": jamf.client_id,
            "JAMF_CLIENT_SECRET": jamf.client_secret,
        },
    )
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def demo_command_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A shell in which the demo has run once, with a kept embedded server."""
    command_line = CommandLine(tmp_path_factory.mktemp("demo"))
    EmbeddedPostgres(command_line.state_directory / "postgres", UNSAFE_BUT_FAST).start_and_keep()
    result = command_line.run("demo", *SMALL_FLEET, "--json")
    assert result.returncode == 0, result.stderr
    (command_line.directory / "first.json").write_text(result.stdout)
    yield command_line
    command_line.stop_database()


@dataclass(frozen=True)
class PatientSyncs:
    """Syncs of something that does not answer; they give up after a while.

    Attributes:
        command_line: where JAMF is asked.
        unreachable_jamf: the sync whose JAMF does not answer.
        unreachable_database: the sync whose database does not answer.
    """

    command_line: CommandLine
    unreachable_jamf: ForkedCommand
    unreachable_database: ForkedCommand


@pytest.fixture(scope="session", autouse=True)
def patient_syncs(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: DatabaseServer,
    template_database: str,
    dagster_template_database: str,
) -> Iterator[PatientSyncs]:
    """Started before the first test: half a minute of back-off passes while the others run."""
    moss = postgres_server.create("moss", template=template_database)
    dagster = postgres_server.create("dagster", template=dagster_template_database)
    command_line = CommandLine(
        tmp_path_factory.mktemp("patient"),
        {
            "MOSS_DATABASE_URL": postgres_server.url_of(moss),
            "DAGSTER_PG_URL": postgres_server.url_of(dagster),
            "JAMF_BASE_URL": NOBODY,
            "JAMF_CLIENT_ID": "some-client",
            "JAMF_CLIENT_SECRET": "some-secret",
        },
    )
    syncs = PatientSyncs(
        command_line,
        unreachable_jamf=command_line.start("sync"),
        unreachable_database=command_line.start(
            "sync",
            MOSS_DATABASE_URL="postgresql://moss:hidden-word@127.0.0.1:1/moss",
            DAGSTER_PG_URL="",
        ),
    )
    yield syncs
    for process in (syncs.unreachable_jamf, syncs.unreachable_database):
        process.kill()
        process.communicate()
    postgres_server.drop(moss)
    postgres_server.drop(dagster)
