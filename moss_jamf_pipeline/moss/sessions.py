"""What every session of ours is told before its first statement, so that statements mean the same on every server.

A database, a role or a server can have settings of its own that change what a statement means or how long it may take:
the time zone, the order of day and month, a time limit meant for web pages. They are pinned by statements after the
log-in and not by the start-up parameter `options`, which connection poolers refuse. Read-only stays read-only: that
is no preference but the state of a server.
"""

import os
import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

import psycopg

from moss_jamf_pipeline.moss.errors import DatabaseReadOnly, DatabaseUnsuitable

_PINNED: Final = {
    # What a value looks like, and what a text means.
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "standard_conforming_strings": "on",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "transform_null_equals": "off",
    # What a statement sees.
    "row_security": "on",
    "default_transaction_isolation": "read committed",
    # How long anything may take: what an hour does not end, never ends. Sessions that hold a lock of ours lie idle.
    "statement_timeout": "1h",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "10min",
    "idle_session_timeout": "0",
}
_PINNED_SINCE: Final = {"transaction_timeout": (17_00_00, "0")}
ENCODING: Final = "UTF8"

# A server whose machine or network is gone without a word is missed after a minute and a half, not after hours.
_KEPT_ALIVE: Final = {
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "90000",
}

# As `postgres` itself takes them: `-c name=value`, `-cname=value`, `--name=value`; a backslash keeps the next sign.
_OPTION: Final = re.compile(r"(?:-c\s*|--)([A-Za-z_][\w.-]*)=((?:\\.|[^\\\s])*)(?:\s+|$)")
_LOOKS_AT_A_POOLER: Final = 3
"""A pooler with many free sessions may happen to give a client the same one again."""


class SessionSettings:
    """The settings of sessions with one database, and the parameters to connect with.

    Args:
        parameters: libpq's, as the URL of the database gives them; what `options` sets becomes a setting, unless it is
            pinned.
        usual: what to set besides, unless the URL says otherwise.
    """

    def __init__(self, parameters: Mapping[str, Any], usual: Mapping[str, str]) -> None:
        self.parameters: dict[str, Any] = {
            **_KEPT_ALIVE,
            **parameters,
            # Psycopg 2 notes the encoding when it connects, and never again.
            "client_encoding": ENCODING,
        }
        # libpq would ask for this zone at the log-in, and the server's, in which M.O.S.S. writes, could not be seen.
        os.environ.pop("PGTZ", None)
        asked, rest = settings_in(str(self.parameters.pop("options", None) or ""))
        if rest:
            self.parameters["options"] = rest
        self._values = {**usual, **asked, **_PINNED}

    def statement(self, server_version: int) -> tuple[str, tuple[str, ...]]:
        """The statement that pins them, with its parameters, as any driver takes it; it yields the session's process.

        Args:
            server_version: as libpq counts, e.g. 150018.
        """
        values = dict(self._values)
        for name, (since, value) in _PINNED_SINCE.items():
            if server_version >= since:
                values.setdefault(name, value)
        calls = ", ".join(["pg_catalog.set_config(%s, %s, false)"] * len(values))
        parameters = tuple(part for setting in values.items() for part in setting)
        return f"select pg_catalog.pg_backend_pid(), {calls}", parameters

    def connect(self) -> psycopg.Connection:
        """Opens a session in autocommit mode.

        Raises:
            psycopg.OperationalError: the server does not answer or refuses the log-in.
        """
        connection = psycopg.connect(**{**self.parameters, "autocommit": True})
        try:
            self.pin(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def pin(self, connection: psycopg.Connection) -> int:
        """Pins the settings of a session in autocommit mode; returns the number of the server's process behind it."""
        statement, parameters = self.statement(connection.info.server_version)
        return int(connection.execute(statement.encode(), parameters).fetchall()[0][0])


def settings_in(options: str) -> tuple[dict[str, str], str]:
    """What libpq's parameter `options` sets, by name, and the rest of it, which only a server understands."""
    found = {
        match[1].replace("-", "_").lower(): re.sub(r"\\(.)", r"\1", match[2])
        for match in _OPTION.finditer(options)
    }
    return found, _OPTION.sub("", options).strip()


def require_writable(connection: psycopg.Connection, where: str) -> None:
    """Ends what would write to a server that takes no writes.

    Args:
        connection: to it.
        where: the database in words, without a password.

    Raises:
        DatabaseReadOnly: it is a standby, or its transactions are read-only.
    """
    row = connection.execute(
        "select pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only') = 'on'"
    ).fetchone()
    if row is not None and any(row):
        raise read_only(where, is_standby=row[0])


def read_only(where: str, *, is_standby: bool = False) -> DatabaseReadOnly:
    """What to say of a server that takes no writes; arguments as of `require_writable`."""
    state = (
        "is a standby, which takes no writes"
        if is_standby
        else "takes no writes: its transactions are read-only (default_transaction_read_only)"
    )
    return DatabaseReadOnly(
        f"The database at {where} {state}.",
        "After a failover, let MOSS_DATABASE_URL and DAGSTER_PG_URL name the server that is the primary now; otherwise "
        "ask a database administrator why it is read-only.",
    )


def require_utf8(connection: psycopg.Connection, where: str) -> None:
    """Ends what would use a database that cannot keep every name.

    Args:
        connection: to it.
        where: the database in words, without a password.

    Raises:
        DatabaseUnsuitable: its encoding is another than UTF-8.
    """
    row = connection.execute("select pg_catalog.current_setting('server_encoding')").fetchone()
    if row is not None and row[0] != ENCODING:
        raise DatabaseUnsuitable(
            f"The database at {where} keeps text as {row[0]}, and names from JAMF can have any letter: UTF-8 is "
            "needed.",
            "Let a database administrator dump it and restore it into a database that was made with "
            "`create database NAME encoding 'UTF8' template template0`.",
        )


def require_sessions(connection: psycopg.Connection, settings: SessionSettings, where: str) -> None:
    """Ends what would work through a pooler that keeps no sessions.

    Where the server itself answers, the process it names at the log-in is the one that works: then nothing is asked.

    Args:
        connection: the first one, idle, opened with `settings`.
        settings: to open another with.
        where: the database in words, without a password.

    Raises:
        DatabaseUnsuitable: statements of one session reach different processes, or two sessions the same one.
    """
    if _process_of(connection) == connection.info.backend_pid:
        return
    with closing(settings.connect()) as other:
        if any(_share_processes(connection, other) for _ in range(_LOOKS_AT_A_POOLER)):
            raise DatabaseUnsuitable(
                f"The database at {where} is reached through a connection pooler (PgBouncer) that keeps no sessions: "
                "in transaction or statement mode, what a session sets and locks is lost.",
                "Use it in session mode (`pool_mode = session` for this database), or give the address of PostgreSQL "
                "itself.",
            )


def _share_processes(one: psycopg.Connection, other: psycopg.Connection) -> bool:
    """Whether what one session has given back after a statement or transaction is seen to serve the other."""
    mine = _process_of(one)
    if _process_of(other) == mine:
        return True
    try:
        with other.transaction():
            return _process_of(other) == mine or _process_of(one) != mine
    except psycopg.errors.ProtocolViolation:  # a pooler in statement mode lets nobody begin one
        return True


def _process_of(connection: psycopg.Connection) -> int:
    return int(connection.execute("select pg_catalog.pg_backend_pid()").fetchall()[0][0])
