"""What is measured against: a simulated JAMF Pro, a PostgreSQL and a M.O.S.S. of either dialect.

All of it lives as long as the block it is opened for, and not longer than this process, however that ends.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psycopg

from moss_jamf_pipeline.cli.options import DemoFleet
from moss_jamf_pipeline.cli.processes import simulated_jamf
from moss_jamf_pipeline.embedded.cluster import SETTINGS
from moss_jamf_pipeline.embedded.layout import ServerDirectory
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import EvolveRequest, Faults, Latency, RequestCounts
from moss_jamf_pipeline.simulator.catalogue import FURTHER_ATTRIBUTE_BYTES
from tests.support.databases import DatabaseServer
from tests.support.dialects import RELEASE, Dialect
from tests.support.other_servers import running_server
from tests.support.schema import create_moss, create_released_tables

_MOSS_JAMF: Final = (sys.executable, "-m", "moss_jamf_pipeline.cli")
_SECONDS_TO_EVOLVE: Final = 600.0

# What is known of real servers: how long they take over a row, and when the gateway before them gives up.
_MICROSECONDS_PER_ROW: Final = 26_000
_SHARE_MORE_PER_HUNDRED: Final = 0.1
_GATEWAY_TIMEOUT_MS: Final = 90_000
# What the simulator's records weigh by themselves, and where it puts more.
_LIGHT_RECORD_BYTES: Final = 4_300
_FILLED_SECTIONS: Final = 3

LOGGED_FROM_MS: Final = 5
"""Statements that take less are not looked at one by one."""


@dataclass(frozen=True, slots=True)
class FatRecords:
    """Computers as heavy as real ones, from a server as slow as real ones are, in a time that runs faster.

    Attributes:
        kilobytes: about what a computer's five sections weigh.
        scale: how many seconds here stand for one there.
    """

    kilobytes: int
    scale: float

    @property
    def further_attributes(self) -> int:
        """How many extension attributes of each of the three sections make a record that heavy."""
        further = max(0, self.kilobytes * 1_000 - _LIGHT_RECORD_BYTES)
        return round(further / _FILLED_SECTIONS / FURTHER_ATTRIBUTE_BYTES)

    @property
    def latency(self) -> Latency:
        """26 ms a row, a tenth more for every further hundred rows of a page, 504 after 90 s; scaled."""
        return Latency(
            milliseconds=0,
            microseconds_per_record=round(_MICROSECONDS_PER_ROW * self.scale),
            share_more_per_hundred=_SHARE_MORE_PER_HUNDRED,
            gateway_timeout_milliseconds=round(_GATEWAY_TIMEOUT_MS * self.scale),
        )

    @property
    def in_words(self) -> str:
        """What was simulated, for the report."""
        return (
            f"Records of {self.kilobytes} KB from a server that needs {_MICROSECONDS_PER_ROW // 1_000} ms a row, "
            f"{_SHARE_MORE_PER_HUNDRED:.0%} more for every further hundred rows of a page, and answers 504 after "
            f"{_GATEWAY_TIMEOUT_MS // 1_000} s. Its time runs {1 / self.scale:g} times as fast."
        )


@dataclass(frozen=True, slots=True)
class Workbench:
    """Running servers, and what a command needs to find them.

    Attributes:
        fleet: what the simulator served at first.
        directory: where commands run, and leave what they leave; removed at the end.
        environment: the whole environment of `moss-jamf` commands.
        jamf: what a client of the simulator needs, of that environment.
        jamf_url: the simulator.
        server: the PostgreSQL server.
        moss_url: the M.O.S.S. database.
        dagster_url: Dagster's database.
        postgres_log: where the server names every statement that took more than `LOGGED_FROM_MS`.
    """

    fleet: DemoFleet
    directory: Path
    environment: Mapping[str, str] = field(repr=False)
    jamf: Mapping[str, str] = field(repr=False)
    server: DatabaseServer
    moss_url: str = field(repr=False)
    dagster_url: str = field(repr=False)
    postgres_log: Path

    @property
    def jamf_url(self) -> str:
        """Where the simulator answers."""
        return self.jamf["JAMF_BASE_URL"]

    def moss_jamf(self, arguments: Sequence[str]) -> list[str]:
        """A `moss-jamf` command line, to be run with `environment` in `directory`."""
        return [*_MOSS_JAMF, *arguments]

    def evolve(self, changes: EvolveRequest) -> None:
        """Changes the fleet."""
        answer = httpx.post(
            f"{self.jamf_url}/simulator/evolve",
            content=changes.model_dump_json(),
            timeout=_SECONDS_TO_EVOLVE,
        )
        answer.raise_for_status()

    def forget_requests(self) -> None:
        """Lets the simulator count requests from nought."""
        httpx.delete(f"{self.jamf_url}/simulator/requests").raise_for_status()

    def requests(self) -> RequestCounts:
        """The requests that the simulator has counted."""
        answer = httpx.get(f"{self.jamf_url}/simulator/requests").raise_for_status()
        return RequestCounts.model_validate_json(answer.content)


@contextmanager
def open_workbench(
    fleet: DemoFleet,
    dialect: Dialect,
    latency_ms: int,
    binaries: Path | None = None,
    fat: FatRecords | None = None,
) -> Iterator[Workbench]:
    """Servers with a fresh fleet and an empty M.O.S.S. database that is prepared for the sync.

    Args:
        fleet: what the simulator serves.
        dialect: which M.O.S.S. it is.
        latency_ms: by how many milliseconds JAMF answers later than it could.
        binaries: the programs of the PostgreSQL; the embedded one's if not given.
        fat: how heavy records are and how slow the server is that serves them; light ones at once if not given.

    Raises:
        RuntimeError: the database could not be prepared.
    """
    with (
        tempfile.TemporaryDirectory(prefix="moss-jamf-bench-") as temporary,
        simulated_jamf(fleet, fat.further_attributes if fat else 0) as simulator,
        _database_server(Path(temporary) / "postgres", binaries) as database,
    ):
        server = database.server
        moss_url = server.url
        if dialect is RELEASE:
            moss_url = _create_released_moss(server)
        elif binaries is not None:
            create_moss(moss_url, dialect)
        environment = {
            **_environment_without_settings(),
            "MOSS_JAMF_STATE_DIR": temporary,
            **simulator.environment(),
        }
        if moss_url != database.found_by_itself:
            environment |= {"MOSS_DATABASE_URL": moss_url, "DAGSTER_PG_URL": database.dagster_url}
        workbench = Workbench(
            fleet=fleet,
            directory=Path(temporary),
            environment=environment,
            jamf=simulator.environment(),
            server=server,
            moss_url=moss_url,
            dagster_url=database.dagster_url,
            postgres_log=database.log_file,
        )
        _run(workbench.moss_jamf(["init"]), workbench)
        if fat is not None:
            _break(workbench, Faults(latency=fat.latency))
        elif latency_ms:
            _break(workbench, Faults(latency=Latency(milliseconds=latency_ms)))
        yield workbench


@dataclass(frozen=True, slots=True)
class _Database:
    """A server that runs.

    Attributes:
        server: with the database that M.O.S.S. may have.
        dagster_url: another database of it, for Dagster.
        log_file: what it says.
        found_by_itself: the URL that commands use without being told; None if they have to be.
    """

    server: DatabaseServer
    dagster_url: str
    log_file: Path
    found_by_itself: str | None = None


@contextmanager
def _database_server(directory: Path, binaries: Path | None) -> Iterator[_Database]:
    """The embedded server as users have it, or another version with its settings: only that is to differ."""
    settings = {"log_min_duration_statement": str(LOGGED_FROM_MS)}
    if binaries is not None:
        with running_server(binaries, {**SETTINGS, **settings}) as running:
            server = DatabaseServer(running.url)
            moss, dagster = (server.url_of(server.create(name)) for name in ("moss", "dagster"))
            yield _Database(DatabaseServer(moss), dagster, running.log_file)
        return
    postgres = EmbeddedPostgres(directory, settings)
    try:
        with postgres.connect_lease() as lease:
            moss = lease.url("moss")
            log_file = ServerDirectory(directory).log_file
            yield _Database(DatabaseServer(moss), lease.url("dagster"), log_file, moss)
    finally:
        postgres.stop()


def _create_released_moss(server: DatabaseServer) -> str:
    url = server.url_of(server.create("released_moss"))
    with psycopg.connect(url, autocommit=True) as connection:
        create_released_tables(connection)
    return url


def _environment_without_settings() -> dict[str, str]:
    """Our environment without a developer's own databases and JAMF servers."""
    names = {"DAGSTER_HOME"}
    for name, setting in Settings.model_fields.items():
        names |= {variable.upper() for variable in (name, setting.alias) if variable}
    return {name: value for name, value in os.environ.items() if name.upper() not in names}


def _break(workbench: Workbench, faults: Faults) -> None:
    answer = httpx.put(f"{workbench.jamf_url}/simulator/faults", content=faults.model_dump_json())
    answer.raise_for_status()


def _run(command: Sequence[str], workbench: Workbench) -> None:
    done = subprocess.run(
        command,
        env=workbench.environment,
        cwd=workbench.directory,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"`moss-jamf {command[-1]}` failed: {done.stderr.strip()}")
