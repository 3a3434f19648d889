"""Dagster's instance on PostgreSQL: what `dagster.yaml` names, and how our commands open it.

`dagster.yaml` cannot say "the embedded server unless a URL is given". That is settled here, so that every Dagster
command works in a fresh clone with nothing in the environment. No knowledge of the pipeline belongs here.
"""

import os
import select
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg
from dagster import DagsterEventType, DagsterInstance, DagsterRun, EventLogEntry
from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresEventLogStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from moss_jamf_pipeline.engine.databases import (
    DAGSTER_VARIABLE,
    MOSS_VARIABLE,
    DatabaseUnreachableError,
    connect_or_explain,
    place_of,
    resolve_dagster_url,
)
from moss_jamf_pipeline.moss.sessions import require_utf8, require_writable
from moss_jamf_pipeline.moss.statements import fetch_value
from moss_jamf_pipeline.orchestration.dagster_internals import (
    NO_COMPUTE_LOGS,
    ConcurrencyClaimStatus,
    ConfigurableClassData,
    InstanceRef,
    LocalComputeLogManager,
)
from moss_jamf_pipeline.orchestration.recovery import StepWaits
from moss_jamf_pipeline.orchestration.remembered import remember_first_slot, remembered
from moss_jamf_pipeline.orchestration.sessions import url_for_dagster
from moss_jamf_pipeline.orchestration.storage_tables import (
    dagster_revisions,
    is_migrating,
    migrating,
)
from moss_jamf_pipeline.orchestration.stored_records import without_secrets
from moss_jamf_pipeline.scrubbing import keep_secrets_out_of_logs
from moss_jamf_pipeline.services.dagster_tables import require_revision, stored_revision
from moss_jamf_pipeline.settings import Settings, make_state_directory, project_file

_TABLES_LOCK: Final = 0x6D6F7373_6A616D66  # "mossjamf"; any number that nobody else uses
_SECONDS_TRUSTED: Final = 5.0
_SECONDS_FOR_A_RESTART: Final = 6.0

STORAGE_TROUBLES: Final = (SQLAlchemyError, DagsterPostgresException, DatabaseUnreachableError)
"""What Dagster's storage raises when its database is away, or goes away."""


class _Session(DBAPIConnection, Protocol):
    """What psycopg2 calls a connection."""

    def fileno(self) -> int:
        """Its socket."""


class _Outage:
    """How long Dagster's database has been away from this process."""

    def __init__(self) -> None:
        self._began: float | None = None

    def meet(self, error: Exception) -> None:
        """After an attempt to connect that failed.

        Raises:
            DatabaseUnreachableError: nobody could for a while; Dagster does not try again after this.
        """
        now = time.monotonic()
        self._began = self._began or now
        if now - self._began > _SECONDS_FOR_A_RESTART:
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise DatabaseUnreachableError(
                f"Dagster's database cannot be reached: {reason}.\n"
                "What to do: see that PostgreSQL runs, then run it again."
            ) from error

    def end(self) -> None:
        """After one that succeeded."""
        self._began = None


_outage = _Outage()


class StorageLost(BaseException):
    """A run's events cannot be recorded any more, so the run is over. Like an interrupt it is no step's to handle.

    Attributes:
        trouble: why.
    """

    def __init__(self, trouble: Exception) -> None:
        self.trouble = trouble
        super().__init__(str(trouble))


class PooledEventLogStorage(PostgresEventLogStorage):
    """Dagster's event log over connections that are kept, with its tables looked at once.

    As shipped, it connects anew for every statement: some 900 times in one sync, which took more
    than a third of the run's time on an unchanged fleet of 10,000 (docs/performance.md). And it asks
    PostgreSQL some 150 times in a sync whether its own tables and columns are there.

    Attributes:
        is_all_over_when_lost: whether this process has nothing left to do once an event cannot be stored.
    """

    def __init__(self, postgres_url: str) -> None:
        super().__init__(postgres_url)
        self._engine = _pooled_engine(postgres_url)
        self._found: set[str] = set()
        self._waits = StepWaits()
        self.is_all_over_when_lost = False

    def store_event(self, event: EventLogEntry) -> None:
        """Stores an event, unless it says that a hook had nothing to do: one of six, and nobody asks.

        Raises:
            StorageLost: the database is away, in a process that has said that it is over then.
        """
        if event.dagster_event_type is DagsterEventType.HOOK_SKIPPED:
            return
        try:
            super().store_event(without_secrets(_lean(event)))
        except STORAGE_TROUBLES as trouble:
            if self.is_all_over_when_lost:
                raise StorageLost(trouble) from trouble
            raise

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Stores events of one type."""
        super().store_event_batch([without_secrets(_lean(event)) for event in events])

    def claim_concurrency_slot(
        self, concurrency_key: str, run_id: str, step_key: str, priority: int | None = None
    ) -> ConcurrencyClaimStatus:
        """Asks for a slot of a pool, and waits a moment if there is none; for how long in all, `StepWaits` says.

        As shipped, Dagster's executor in this process asks again at once, for ever, at the price of a whole core.

        Raises:
            WaitedTooLong: it has waited for too long.
            KeyboardInterrupt: the run is to end.
        """
        status = super().claim_concurrency_slot(concurrency_key, run_id, step_key, priority)
        if status.is_claimed:
            self._waits.end(concurrency_key, run_id, step_key)
            return status
        self._waits.wait(self._instance, concurrency_key, run_id, step_key)
        at_once: ConcurrencyClaimStatus = status.with_sleep_interval(0.0)
        return at_once

    def has_table(self, table_name: str) -> bool:
        """Whether a table is there; once seen, it is taken to stay."""
        if table_name not in self._found and super().has_table(table_name):
            self._found.add(table_name)
        return table_name in self._found

    def has_asset_key_col(self, column_name: str) -> bool:
        """Whether the table of assets has a column; once seen, it is taken to stay."""
        column = f"asset_keys.{column_name}"
        if column not in self._found and super().has_asset_key_col(column_name):
            self._found.add(column)
        return column in self._found

    def dispose(self) -> None:
        """Ends what watches the log, and the connections."""
        super().dispose()
        self._engine.dispose()


def _lean(event: EventLogEntry) -> EventLogEntry:
    """An event without what the log has twice.

    What a line of Python's log is tagged with repeats the event's own run and step; the output of a step repeats the
    metadata of what it materialised. Together that is a quarter of a sync's log.
    """
    told = event.dagster_event
    if told is None:
        return event
    told = told._replace(logging_tags={})
    if told.event_type is DagsterEventType.STEP_OUTPUT:
        output = told.step_output_data._replace(metadata={})
        told = told._replace(event_specific_data=output)
    return event._replace(dagster_event=told)


class PooledRunStorage(PostgresRunStorage):
    """Dagster's records of runs over connections that are kept; see `PooledEventLogStorage`."""

    def __init__(self, postgres_url: str) -> None:
        super().__init__(postgres_url)
        self._engine = _pooled_engine(postgres_url)
        self._has_times = False

    def add_run(self, dagster_run: DagsterRun) -> DagsterRun:
        """Stores a run, with the tags that somebody has typed."""
        return super().add_run(without_secrets(dagster_run))

    def add_backfill(self, partition_backfill: Any) -> None:
        """Stores a backfill."""
        super().add_backfill(without_secrets(partition_backfill))

    def update_backfill(self, partition_backfill: Any) -> None:
        """Stores how a backfill stands, with the error that ended it."""
        super().update_backfill(without_secrets(partition_backfill))

    def has_run_stats_index_cols(self) -> bool:
        """Whether the table of runs has columns for their times; once seen, they are taken to stay."""
        self._has_times = self._has_times or super().has_run_stats_index_cols()
        return self._has_times

    def dispose(self) -> None:
        """Ends the connections."""
        super().dispose()
        self._engine.dispose()


class CleanScheduleStorage(PostgresScheduleStorage):
    """Dagster's records of sensors and schedules, without the secrets of their errors."""

    def create_tick(self, tick_data: Any) -> Any:
        """Stores a look of a sensor or a schedule."""
        return super().create_tick(without_secrets(tick_data))

    def update_tick(self, tick: Any) -> Any:
        """Stores how such a look ended."""
        return super().update_tick(tick._replace(tick_data=without_secrets(tick.tick_data)))


def _pooled_engine(postgres_url: str) -> Engine:
    """Two kept connections (Dagster nests), more while threads need them; none that the server has ended is used."""
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT", pool_size=2, max_overflow=20)

    @event.listens_for(engine, "do_connect")
    def give_up_in_time(
        dialect: Dialect, _record: ConnectionPoolEntry, cargs: list[Any], cparams: dict[str, Any]
    ) -> DBAPIConnection:
        # Dagster tries each connection for six seconds, and makes some ten more before a run has ended that lost it.
        try:
            session = dialect.connect(*cargs, **cparams)
        except dialect.loaded_dbapi.OperationalError as error:
            _outage.meet(error)
            raise
        _outage.end()
        return session

    @event.listens_for(engine, "connect")
    def wait_for_no_disk(session: _Session, _record: ConnectionPoolEntry) -> None:
        # Each of the three hundred events of a sync is a transaction or two of its own. When the server's machine
        # crashes, the last half second of the log is gone: of a run that has lost its database, and is over.
        cursor = session.cursor()
        cursor.execute("set synchronous_commit = off")
        cursor.close()
        session.commit()

    @event.listens_for(engine, "checkin")
    def note_the_time(_session: _Session | None, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look_whether_it_lives(
        session: _Session, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        # SQLAlchemy's own pre-ping asks the server before each use: 860 times in a sync. A server that ends a session
        # says so on its socket, which costs nothing to look at. What lay idle may have been cut off without a word.
        socket = select.poll()
        socket.register(session.fileno(), select.POLLIN)
        idle = time.monotonic() - record.info.get("used_at", time.monotonic())
        if idle > _SECONDS_TRUSTED or socket.poll(0):
            try:
                engine.dialect.do_ping(session)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error

    return engine


class MossJamfStorage(DagsterPostgresStorage):
    """Dagster's storage in the database that `resolve_dagster_url` finds.

    It takes no configuration. Every process that Dagster starts builds it again from the
    environment, so that no password is ever written into what Dagster passes between processes.
    Schedules and sensors keep Dagster's own connections: no run uses them, and nobody would close kept ones.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        self._run_storage = PooledRunStorage(postgres_url)
        self._event_log_storage = PooledEventLogStorage(postgres_url)
        self._schedule_storage = CleanScheduleStorage(postgres_url)

    @classmethod
    def config_type(cls) -> dict[str, object]:
        """The configuration it takes in `dagster.yaml`: none."""
        return {}

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, object],  # noqa: ARG003 - Dagster's signature
    ) -> "MossJamfStorage":
        """Build the storage, starting the embedded server if it is the one.

        Raises:
            DatabaseUrlError: a URL in the environment is malformed.
            DatabaseUnreachableError: the server does not answer.
            DatabaseReadOnly: it takes no writes.
            DatabaseUnsuitable: it cannot be used: its encoding, or a connection pooler that keeps no sessions.
            ProblemFound: its tables are those of another Dagster.
            EmbeddedPostgresError: the embedded server cannot be started.
        """
        # Each process of Dagster's comes by here: the webserver, the daemon, code servers, runs.
        keep_secrets_out_of_logs()
        url = resolve_dagster_url(Settings())
        with _making_tables_alone(url) as connection:
            storage = cls(postgres_url=url_for_dagster(url), inst_data=inst_data)
            _note_first_slot(connection)
            return storage


class MossJamfComputeLogs(LocalComputeLogManager):
    """The steps' standard output and error, kept under the Dagster home, also when none is set.

    Dagster's own default puts them into a temporary directory when DAGSTER_HOME is not set and
    removes it at exit, while the runs that they belong to stay in PostgreSQL.
    """

    @classmethod
    def config_type(cls) -> dict[str, object]:
        """The configuration it takes in `dagster.yaml`: none."""
        return {}

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, object],  # noqa: ARG003 - Dagster's signature
    ) -> "MossJamfComputeLogs":
        """Build the manager for this process's Dagster home."""
        return cls(base_dir=str(_dagster_home(Settings()) / "storage"), inst_data=inst_data)


def prepare_dagster_home(settings: Settings) -> Path:
    """The directory to give Dagster's own commands as DAGSTER_HOME, with `dagster.yaml` in it.

    Args:
        settings: the environment.

    Returns:
        The DAGSTER_HOME that is set, untouched; otherwise `<state directory>/dagster`, absolute,
        with a fresh copy of the project's `dagster.yaml`.
    """
    home = _dagster_home(settings)
    if _given_dagster_home() is None:
        make_state_directory(settings)
        home.mkdir(parents=True, exist_ok=True)
        copy = home / "dagster.yaml"
        aside = (
            home / f"dagster.yaml.{os.getpid()}"
        )  # other processes may do the same at this moment
        shutil.copyfile(project_file("dagster.yaml"), aside)
        aside.replace(copy)  # and others may be reading it
    return home


def open_instance(settings: Settings, *, captures_output: bool = True) -> DagsterInstance:
    """Open the configured Dagster instance; close it, or use it in a `with` statement.

    Its storage reads the environment itself (every process of Dagster's does), so `settings` must
    be what the environment says.

    Args:
        settings: the environment.
        captures_output: whether steps that run in this process have their standard output and
            error redirected into log files. Dagster starts four helper processes for it, which a
            Ctrl-C in the terminal reaches too.

    Raises:
        DatabaseUrlError: a URL in the environment is malformed.
        DatabaseUnreachableError: the server does not answer.
        EmbeddedPostgresError: the embedded server cannot be started.
    """
    home = str(prepare_dagster_home(settings))
    overrides = None if captures_output else {"compute_logs": dict(NO_COMPUTE_LOGS)}
    return DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides=overrides))


def migrate_storage(settings: Settings) -> str | None:
    """Brings Dagster's tables up to date, as `dagster instance migrate` does; where there are none, none are made.

    Args:
        settings: the environment.

    Returns:
        The revision that they had, if they were older than the installed Dagster; else None.

    Raises:
        ProblemFound: they are those of a newer Dagster.
        DatabaseUnreachableError: and others, as of `open_instance`.
    """
    variable = f"{DAGSTER_VARIABLE} or {MOSS_VARIABLE}"
    url = resolve_dagster_url(settings)
    with connect_or_explain(url, variable) as connection:
        stored = stored_revision(connection)
        if stored not in dagster_revisions().known - {dagster_revisions().newest}:
            require_revision(connection, dagster_revisions(), place_of(url, variable))
            return None
    with migrating(), open_instance(settings, captures_output=False) as instance:
        instance.upgrade()
    return stored


def _dagster_home(settings: Settings) -> Path:
    return _given_dagster_home() or settings.state_directory.absolute() / "dagster"


def _given_dagster_home() -> Path | None:
    given = os.environ.get("DAGSTER_HOME")  # Dagster's own variable, which it reads itself
    return Path(given).expanduser() if given else None


def _note_first_slot(connection: psycopg.Connection) -> None:
    """Has the state directory remember the installation's first slot, if it does not."""
    settings = Settings()
    if settings.first_slot is None and remembered(settings).first_slot is None:
        remember_first_slot(settings, fetch_value(connection, "dagster/oldest_slot"))


@contextmanager
def _making_tables_alone(url: str) -> Iterator[psycopg.Connection]:
    """Make Dagster's tables in one process at a time, and say it if there is no server.

    Dagster looks whether its tables exist and then makes them; two processes that start on an empty
    database trip over each other. It also retries a dead server for a while and then prints a
    traceback.

    Yields:
        A connection to Dagster's database, with its search path.
    """
    variable = f"{DAGSTER_VARIABLE} or {MOSS_VARIABLE}"
    with connect_or_explain(url, variable) as connection:
        place = place_of(url, variable)
        require_writable(connection, place)
        require_utf8(connection, place)
        try:
            connection.execute("select pg_advisory_lock(%(key)s)", {"key": _TABLES_LOCK})
        except psycopg.errors.LockNotAvailable as error:
            raise DatabaseUnreachableError(
                f"Another process has been making Dagster's tables at {place} for half a minute.\n"
                "What to do: wait until it is done, or look what keeps it (pg_stat_activity), then try again."
            ) from error
        if not is_migrating():
            require_revision(connection, dagster_revisions(), place)
        yield connection  # the lock ends with it
