"""Syncs in processes of their own, to be killed, and a gate in the database that stops whoever comes to a table.

The gate makes "in the middle" exact: the process waits inside a statement, inside a transaction, until the test has
seen it there and killed it, or the database server, or nobody.
"""

import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.context import ForkServerProcess
from typing import TYPE_CHECKING, Final

import dagster as dg
import psycopg

from moss_jamf_pipeline.engine.access import JamfClients
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.sync import sync
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.settings import Settings
from tests.support.forks import FORKS
from tests.support.hurried_client import hurried_limits

if TYPE_CHECKING:
    # Its module imports the code location, which takes as long as a sync.
    from tests.support.world import World

_SECONDS_TO_GET_THERE: Final = 120.0
_KEY: Final = 4_711
_ENVIRONMENT: Final = (
    *("MOSS_DATABASE_URL", "MOSS_JAMF_STATE_DIR"),
    *("JAMF_BASE_URL", "JAMF_CLIENT_ID", "JAMF_CLIENT_SECRET"),
)


class SyncProcess:
    """A sync of a world in a process of its own; begins at once.

    Args:
        in_dagster: whether it is a run of Dagster; else it is the engine's.
    """

    def __init__(self, *, in_dagster: bool = False) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT}
        self._process: ForkServerProcess = FORKS.Process(
            target=_sync_in_dagster if in_dagster else _sync, args=(environment,)
        )
        self._process.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.is_alive()

    def kill(self) -> None:
        """SIGKILL: no clean-up of any kind runs."""
        self._process.kill()
        self._process.join()

    def kill_after(self, seconds: float) -> None:
        """SIGKILL once it has run for some time, wherever it is by then; nothing if it has ended."""
        self._process.join(seconds)
        self.kill()

    def wait(self) -> bool:
        """Waits for its end and says whether the sync succeeded."""
        self._process.join(_SECONDS_TO_GET_THERE)
        assert self._process.exitcode is not None, "the sync did not end"
        return self._process.exitcode == 0


class Gate:
    """Stops every process that is about to write a row of a table, until it is opened."""

    def __init__(self, keeper: psycopg.Connection) -> None:
        self._keeper = keeper

    def wait_for_somebody(self, process: SyncProcess) -> None:
        """Returns once somebody waits at the gate."""
        assert self.has_stopped(process), "the sync ended before it came to the gate"

    def has_stopped(self, process: SyncProcess) -> bool:
        """Waits until somebody waits at the gate; False if the sync ends without having come there."""
        deadline = time.monotonic() + _SECONDS_TO_GET_THERE
        while not self._keeper.execute(
            "select 1 from pg_locks where locktype = 'advisory' and objid = %s and not granted",
            [_KEY],
        ).fetchone():
            if not process.is_alive:
                return False
            assert time.monotonic() < deadline, "nobody came to the gate"
            time.sleep(0.01)
        return True

    def end_sessions_of_others(self) -> None:
        """Ends every other session of the database, as an administrator or a fail-over does."""
        self._keeper.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )

    def cancel_statements_of_others(self) -> None:
        """Cancels what every other session of the database is doing, as an administrator does."""
        self._keeper.execute(
            "select pg_cancel_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and state = 'active'"
        )

    def open(self) -> None:
        """Lets everybody through. Once is enough."""
        self._keeper.execute("select pg_advisory_unlock_all()")


@contextmanager
def gate(world: "World", table: str) -> Iterator[Gate]:
    """A closed gate in front of a table; opened, and gone with its trigger, at the end.

    Args:
        world: in whose database.
        table: with its schema, as it is really called.
    """
    keeper = world.database.dedicated_connection()
    try:
        keeper.execute("select pg_advisory_lock(%s)", [_KEY])
        keeper.execute(
            # Whoever comes to the gate waits for the test, however short its own patience with locks is.
            f"""create or replace function public.wait_at_gate() returns trigger language plpgsql
                set lock_timeout = 0 as
                $$ begin perform pg_advisory_xact_lock_shared({_KEY}); return new; end $$"""
        )
        keeper.execute(
            f"""create trigger wait_at_gate before insert or update on {table} for each row
                execute function public.wait_at_gate()""".encode()
        )
        yield Gate(keeper)
    finally:
        # The lock goes with its session.
        keeper.close()
        # Waits for the transactions of the killed, whose sessions notice when they have something to say.
        with world.database.connection() as connection:
            connection.execute(f"drop trigger if exists wait_at_gate on {table}".encode())


def _sync(environment: Mapping[str, str]) -> None:
    """The body of the process."""
    _settle(environment)
    database = MossDatabase(os.environ["MOSS_DATABASE_URL"])
    outcome = sync(
        SCOPES["everything"], database, Settings(), clients=JamfClients(hurried_limits())
    )
    database.dispose()
    if not outcome.success:
        raise SystemExit(1)


def _sync_in_dagster(environment: Mapping[str, str]) -> None:
    """The same, as a run of Dagster."""
    _settle(environment)
    warnings.simplefilter("ignore", dg.BetaWarning)
    run_hurriedly = import_module("tests.support.hurried").run_hurriedly
    with dg.DagsterInstance.ephemeral() as instance:
        result = run_hurriedly(instance)
    if not result.success:
        raise SystemExit(1)


def _settle(environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    os.chdir(tempfile.gettempdir())
    Settings.model_config["env_file"] = None
