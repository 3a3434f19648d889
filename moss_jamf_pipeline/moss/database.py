"""Connections to the M.O.S.S. database."""

import logging
import select
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from moss_jamf_pipeline.moss.contract.installation import READER
from moss_jamf_pipeline.moss.contract.readiness import require_contract
from moss_jamf_pipeline.moss.contract.roles import take_on
from moss_jamf_pipeline.moss.errors import MossUnreachable
from moss_jamf_pipeline.moss.lock_holders import locked_by_others
from moss_jamf_pipeline.moss.sessions import (
    SessionSettings,
    read_only,
    require_sessions,
)
from moss_jamf_pipeline.scrubbing import remember_address

_USUAL = {
    # All that we use we name with its schema: what somebody puts into public is not ours to run. M.O.S.S.'s own
    # triggers find it while M.O.S.S. is written (`moss/contract/roles.py`).
    "search_path": "pg_catalog",
    # Our statements are long and run once: up to PostgreSQL 17, for which a plan that cannot do without a nested loop
    # costs ten thousand million (see `set_based_transaction`), compiling them took seconds each, even for one computer.
    "jit": "off",
}

_MOST_CONNECTIONS = 12
_CONNECT_SECONDS = 10
# A pool tries again for as long as it is asked to, and keeps to itself that the server is away.
_SECONDS_BEFORE_ASKING_WHY = 2

# What its workers try and miss is said by `MossUnreachable`, to whoever waits for it.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def redacted(url: str) -> str:
    """A database URL fit for people and logs: user, host, port and database, and nothing of the rest."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "an address that cannot be read"
    host = given.get("host") or given.get("hostaddr") or ""
    user = f"{given['user']}@" if given.get("user") else ""
    port = f":{given['port']}" if given.get("port") else ""
    return f"postgresql://{user}{host}{port}/{given.get('dbname') or ''}"


class MossDatabase:
    """A pool of connections to one M.O.S.S. database; connects when first asked, never when made."""

    def __init__(self, url: str) -> None:
        """Takes the database's URL (`postgresql://…`); it never appears in a message with its password."""
        remember_address(url)
        given = conninfo_to_dict(url)
        parameters = {
            **given,
            "application_name": "moss-jamf",
            "connect_timeout": _CONNECT_SECONDS,
        }
        self._sessions = SessionSettings(parameters, _USUAL)
        self._where = redacted(url)
        self._opening = threading.Lock()
        self._is_ready = False
        self._pool: ConnectionPool[psycopg.Connection] | None = None

    def __repr__(self) -> str:
        return f"MossDatabase({self._where!r})"

    @property
    def where(self) -> str:
        """The database in words, without the password."""
        return self._where

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """One connection in autocommit mode; use `connection.transaction()` for transactions.

        Raises:
            MossUnreachable: the server does not answer, refuses the log-in, or ended the connection.
            DatabaseUnsuitable: a connection pooler is in between, which keeps no sessions.
            DatabaseReadOnly: what the block writes is refused, because the server takes no writes.
        """
        pool = self._opened_pool()
        connection = self._taken_from(pool)
        try:
            with self.explaining(connection):
                yield connection
        finally:
            pool.putconn(connection)

    @contextmanager
    def explaining(self, connection: psycopg.Connection) -> Iterator[None]:
        """Says it in words when a connection is lost inside the block, a lock not given, or nothing can be written.

        Raises:
            MossUnreachable: the server ended the connection.
            DatabaseReadOnly: what the block writes is refused, because the server takes no writes (any more).
            LockedByOthers: another session did not let go of a lock in time.
        """
        try:
            yield
        except psycopg.errors.ReadOnlySqlTransaction as error:
            raise read_only(self.where) from error
        except psycopg.errors.LockNotAvailable as error:
            raise locked_by_others(connection, error) from error
        except psycopg.OperationalError as error:
            if not connection.broken:
                # The server answered: a deadlock, a time limit, a full disk. Its own words say more.
                raise
            raise self.unreachable(error) from error

    @contextmanager
    def reading(self) -> Iterator[psycopg.Connection]:
        """A connection under the reading role, which cannot write M.O.S.S.: what runs do, they do on one of these.

        Raises:
            MossUnreachable: as `connection`.
            MossNotPrepared: the contract is not installed, or M.O.S.S. or this log-in lacks what it needs.
        """
        with self.connection() as connection:
            if not self._is_ready:
                require_contract(connection)
                self._is_ready = True
            take_on(connection, READER)
            try:
                yield connection
            finally:
                # The connection goes back to the pool, and the next user expects the log-in's own role.
                if not connection.broken and not connection.closed:
                    connection.execute("reset role")

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """One connection inside one transaction: committed at the end, rolled back by an exception."""
        with self.connection() as connection, connection.transaction():
            yield connection

    def dedicated_connection(self) -> psycopg.Connection:
        """A connection in autocommit mode outside the pool: for what lasts as long as a session. The caller closes it.

        Raises:
            MossUnreachable: as `connection`.
        """
        try:
            return self._sessions.connect()
        except psycopg.Error as error:
            raise self.unreachable(error) from error

    def dispose(self) -> None:
        """Closes the pooled connections."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def unreachable(self, error: Exception) -> MossUnreachable:
        """What to say when a connection cannot be made or was lost."""
        reason = " ".join(str(error).split())
        return MossUnreachable(
            f"The M.O.S.S. database at {self.where} cannot be used: {reason}.",
            "Check that the server runs and that MOSS_DATABASE_URL names its host, port, database, user and password.",
        )

    def _opened_pool(self) -> ConnectionPool[psycopg.Connection]:
        with self._opening:
            if self._pool is None:
                # A pool's workers try again for a while and keep to themselves why: asked directly, a server that is
                # away and a wrong password are told at once.
                with closing(self.dedicated_connection()) as first, self.explaining(first):
                    require_sessions(first, self._sessions, self.where)
                self._pool = ConnectionPool(
                    kwargs={**self._sessions.parameters, "autocommit": True},
                    configure=self._configure,
                    min_size=0,
                    max_size=_MOST_CONNECTIONS,
                    timeout=_CONNECT_SECONDS,
                    num_workers=1,
                    check=ConnectionPool.check_connection,
                    open=True,
                    name="moss",
                )
            return self._pool

    def _configure(self, connection: psycopg.Connection) -> None:
        self._sessions.pin(connection)

    def _taken_from(self, pool: ConnectionPool[psycopg.Connection]) -> psycopg.Connection:
        for seconds in (_SECONDS_BEFORE_ASKING_WHY, _CONNECT_SECONDS):
            try:
                return pool.getconn(seconds)
            except PoolTimeout as error:
                self.dedicated_connection().close()  # says why, if it cannot be made
                timeout = error
            except psycopg.OperationalError as error:
                raise self.unreachable(error) from error
        raise self.unreachable(timeout) from timeout


def is_alive(connection: psycopg.Connection) -> bool:
    """Whether a session lives, as far as that can be told without asking the server.

    A server that ends a session says so on its socket; one that is gone without a word is noticed by the next
    statement.
    """
    socket = select.poll()
    if not connection.closed:
        socket.register(connection.pgconn.socket, select.POLLIN)
    while not connection.closed and not connection.broken:
        if not socket.poll(0):
            return True
        try:
            connection.pgconn.consume_input()
        except psycopg.OperationalError:
            return False
    return False
