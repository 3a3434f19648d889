"""Connections to the M.O.S.S. database."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy
from sqlalchemy.exc import OperationalError

from moss_jamf_pipeline.moss.contract.roles import READER, take_on
from moss_jamf_pipeline.moss.errors import MossUnreachable
from moss_jamf_pipeline.scrubbing import remember_secret

# Core tables keep timestamps without a zone, in the session's: UTC makes them mean one thing.
# Our statements are long and run once: up to PostgreSQL 17, for which a plan that cannot do without a nested loop costs
# ten thousand million (see `set_based_transaction`), compiling them took seconds each, even for one computer.
_SESSION_OPTIONS = (
    "-c timezone=UTC -c lock_timeout=30s -c idle_in_transaction_session_timeout=10min -c jit=off"
)

_SECRETS = ("password", "sslpassword")


class MossDatabase:
    """A pool of connections to one M.O.S.S. database; connects when first asked, never when made."""

    def __init__(self, url: str) -> None:
        """Takes the database's URL (`postgresql://…`); it never appears in a message with its password."""
        given = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
        # SQLAlchemy hides a password before the @ and shows one in the query.
        secrets = {name: given.query[name] for name in _SECRETS if name in given.query}
        self._url = given.difference_update_query(secrets)
        for secret in (given.password, *secrets.values()):
            remember_secret(str(secret or ""))
        self._engine = sqlalchemy.create_engine(
            self._url,
            pool_size=2,
            pool_pre_ping=True,
            connect_args={
                "options": _joined_options(self._url),
                "application_name": "moss-jamf",
                "connect_timeout": 10,
                "autocommit": True,
                **secrets,
            },
        )

    @property
    def engine(self) -> sqlalchemy.Engine:
        """The SQLAlchemy engine, for pandas."""
        return self._engine

    @property
    def where(self) -> str:
        """The database in words, without the password."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=True)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """One connection in autocommit mode; use `connection.transaction()` for transactions.

        Raises:
            MossUnreachable: the server does not answer, refuses the log-in, or ended the connection.
        """
        pooled = self._pooled()
        connection = _driver_connection(pooled)
        try:
            yield connection
        except psycopg.OperationalError as error:
            if not connection.broken:
                # The server answered: a deadlock, a time limit, a full disk. Its own words say more.
                raise
            pooled.invalidate(error)
            raise self.unreachable(error) from error
        finally:
            pooled.close()

    @contextmanager
    def reading(self) -> Iterator[psycopg.Connection]:
        """A connection under the reading role, which cannot write M.O.S.S.: what runs do, they do on one of these.

        Raises:
            MossUnreachable: as `connection`.
            MossNotPrepared: this log-in cannot take on the role.
        """
        with self.connection() as connection:
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
        pooled = self._pooled()
        connection = _driver_connection(pooled)
        pooled.detach()
        return connection

    def dispose(self) -> None:
        """Closes the pooled connections."""
        self._engine.dispose()

    def _pooled(self) -> sqlalchemy.PoolProxiedConnection:
        try:
            return self._engine.raw_connection()
        # The pool passes the driver's error on as it is; SQLAlchemy's own comes from its check of a pooled connection.
        except (psycopg.OperationalError, OperationalError) as error:
            raise self.unreachable(error) from error

    def unreachable(self, error: Exception) -> MossUnreachable:
        """What to say when a connection cannot be made or was lost."""
        reason = " ".join(str(getattr(error, "orig", error)).split())
        return MossUnreachable(
            f"The M.O.S.S. database at {self.where} cannot be used: {reason}.",
            "Check that the server runs and that MOSS_DATABASE_URL names its host, port, database, user and password.",
        )


def _driver_connection(pooled: sqlalchemy.PoolProxiedConnection) -> psycopg.Connection:
    connection = pooled.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError(f"the pool handed out a {type(connection).__name__}")
    return connection


def _joined_options(url: sqlalchemy.URL) -> str:
    given = url.query.get("options", "")
    return f"{given if isinstance(given, str) else ' '.join(given)} {_SESSION_OPTIONS}".strip()
