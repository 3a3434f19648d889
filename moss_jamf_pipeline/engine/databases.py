"""Which databases a process works with: those the environment names, or the embedded server's.

Resolves and checks URLs and says in plain words when a server cannot be reached. What is in the
databases (schemas, contract, migrations) belongs elsewhere; the one exception is the empty schema
`dagster`, because its name is part of a URL made here.
"""

import os
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from moss_jamf_pipeline.embedded.postgres import EmbeddedLease, EmbeddedPostgres
from moss_jamf_pipeline.moss.sessions import SessionSettings, require_sessions
from moss_jamf_pipeline.settings import Settings

MOSS_VARIABLE: Final = "MOSS_DATABASE_URL"
DAGSTER_VARIABLE: Final = "DAGSTER_PG_URL"
DAGSTER_SCHEMA: Final = "dagster"

_SCHEMES: Final = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2")
_EXAMPLE: Final = "postgresql://user:password@host:5432/database"
_CONNECT_TIMEOUT_SECONDS: Final = 10
_PAUSES_SECONDS: Final = (0.25, 0.5, 1.0, 2.0)

# Waiting does not help against these: wrong password, no such user, no such database, no rights.
_PERMANENT_REASONS: Final = re.compile(
    r"authentication failed|does not exist|no pg_hba\.conf entry|permission denied"
    r"|no password supplied|invalid .* value"
)


class DatabaseUrlError(ValueError):
    """A database URL in the environment is not one; the message never repeats it."""


class DatabaseUnreachableError(Exception):
    """A database cannot be reached or used; the message names host, port and database."""


@dataclass(frozen=True)
class Databases:
    """The two databases of this process.

    Attributes:
        moss_url: the M.O.S.S. database, with its password, starting `postgresql://`.
        dagster_url: Dagster's own database (or schema), likewise.
        is_embedded: whether the M.O.S.S. database is the embedded server's.
        where: both of them for people to read, without a password.
    """

    moss_url: str = field(repr=False)
    dagster_url: str = field(repr=False)
    is_embedded: bool
    where: str


@dataclass(frozen=True)
class MossPlace:
    """Where M.O.S.S. is.

    Attributes:
        url: the database, with its password, starting `postgresql://`.
        is_embedded: whether it is the embedded server's.
        where: the same for people to read, without a password.
    """

    url: str = field(repr=False)
    is_embedded: bool
    where: str


def resolve_moss(settings: Settings) -> MossPlace:
    """Find the M.O.S.S. database only; start the embedded server if the environment names none.

    Nothing is made in the database, not even Dagster's schema: whoever only looks needs no more.

    Args:
        settings: the environment.

    Raises:
        DatabaseUrlError: the URL is malformed.
        EmbeddedPostgresError: the embedded server cannot be started.
    """
    given = _given(settings.moss_database_url, MOSS_VARIABLE)
    if given is not None:
        return MossPlace(given, is_embedded=False, where=place_of(given, MOSS_VARIABLE))
    lease = _leases.embedded(settings.state_directory)
    status = lease.status()
    return MossPlace(
        lease.url("moss"),
        is_embedded=True,
        where=f"embedded PostgreSQL {status.version} in {status.directory} (127.0.0.1:{status.port})",
    )


def resolve_databases(settings: Settings) -> Databases:
    """Find the databases; start the embedded server if the environment names none.

    With MOSS_DATABASE_URL the embedded server is never started: without DAGSTER_PG_URL Dagster then
    gets a schema of its own, `dagster`, in that database. The embedded server is leased until this
    process ends; calling this again costs next to nothing.

    Args:
        settings: the environment.

    Raises:
        DatabaseUrlError: a URL is malformed.
        DatabaseUnreachableError: the schema `dagster` cannot be made.
        EmbeddedPostgresError: the embedded server cannot be started.
    """
    moss = resolve_moss(settings)
    return Databases(
        moss_url=moss.url,
        dagster_url=resolve_dagster_url(settings),
        is_embedded=moss.is_embedded,
        where=f"{moss.where}; Dagster in {_dagster_place(settings)}",
    )


def find_databases(settings: Settings) -> Databases:
    """The databases for whoever only looks; see `find_dagster_url`. Arguments and errors as of `resolve_databases`."""
    moss = resolve_moss(settings)
    return Databases(
        moss_url=moss.url,
        dagster_url=find_dagster_url(settings),
        is_embedded=moss.is_embedded,
        where=f"{moss.where}; Dagster in {_dagster_place(settings)}",
    )


def resolve_dagster_url(settings: Settings) -> str:
    """Find Dagster's own database only; with DAGSTER_PG_URL nothing is started or touched.

    Args:
        settings: the environment.

    Returns:
        The URL, with its password, starting `postgresql://`.

    Raises:
        DatabaseUrlError: a URL is malformed.
        DatabaseUnreachableError: the schema `dagster` cannot be made.
        EmbeddedPostgresError: the embedded server cannot be started.
    """
    dagster_url = _given(settings.dagster_pg_url, DAGSTER_VARIABLE)
    if dagster_url is not None:
        return dagster_url
    moss_url = _given(settings.moss_database_url, MOSS_VARIABLE)
    if moss_url is not None:
        return _leases.dagster_schema_of(moss_url)
    return _leases.embedded(settings.state_directory).url("dagster")


def find_dagster_url(settings: Settings) -> str:
    """Dagster's own database for whoever only looks into it: no schema is made, and its tables may be absent.

    Arguments, result and errors as of `resolve_dagster_url`.
    """
    moss_url = _given(settings.moss_database_url, MOSS_VARIABLE)
    if settings.dagster_pg_url is None and moss_url is not None:
        return _with_search_path(moss_url, DAGSTER_SCHEMA)
    return resolve_dagster_url(settings)


def given_moss_url(settings: Settings) -> str | None:
    """The M.O.S.S. database that MOSS_DATABASE_URL names; None if the embedded server's is meant.

    Starts and touches nothing.

    Args:
        settings: the environment.

    Raises:
        DatabaseUrlError: the URL is malformed.
    """
    return _given(settings.moss_database_url, MOSS_VARIABLE)


def embedded_postgres(settings: Settings) -> EmbeddedPostgres:
    """The embedded server of the state directory, to look at, keep or stop. Starts nothing."""
    return EmbeddedPostgres(settings.state_directory.absolute() / "postgres")


def release_embedded() -> None:
    """Give back every lease of this process, as its end does; for processes that live on."""
    _leases.release()


def connect_or_explain(url: str, variable: str) -> "psycopg.Connection[tuple[object, ...]]":
    """Connect in autocommit mode, with patience for a server that is just starting.

    Args:
        url: the database, starting `postgresql://`.
        variable: where the URL comes from, for the message.

    Raises:
        DatabaseUnreachableError: naming host, port and database, the reason and a remedy, and no
            password.
        DatabaseUnsuitable: a connection pooler is in between, which keeps no sessions.
    """
    sessions, place = session_settings(url), place_of(url, variable)
    for pause in (*_PAUSES_SECONDS, None):
        try:
            connection = sessions.connect()
        except psycopg.Error as error:
            reason = _without_password(str(error), url)
        else:
            _require_sessions(connection, sessions, place)
            return connection
        if pause is None or _PERMANENT_REASONS.search(reason):
            break
        time.sleep(pause)
    raise DatabaseUnreachableError(
        f"PostgreSQL at {place} cannot be reached: {reason}\n"
        f"What to do: check that it runs and lets this machine in, and that {variable} is right. "
        f"(Without {MOSS_VARIABLE} and {DAGSTER_VARIABLE} the embedded PostgreSQL is used.)"
    )


def session_settings(url: str) -> SessionSettings:
    """The settings of sessions with a database of ours or Dagster's; what its URL sets by `options` is kept.

    Args:
        url: starting `postgresql://`.
    """
    parameters = {**conninfo_to_dict(url), "connect_timeout": _CONNECT_TIMEOUT_SECONDS}
    return SessionSettings(parameters, {})


def _require_sessions(
    connection: psycopg.Connection, sessions: SessionSettings, place: str
) -> None:
    try:
        require_sessions(connection, sessions, place)
    except BaseException:
        connection.close()
        raise


def _given(secret: SecretStr | None, variable: str) -> str | None:
    """A URL of the environment, checked, with the plain scheme `postgresql://`."""
    if secret is None:
        return None
    scheme, separator, rest = secret.get_secret_value().strip().partition("://")
    if not separator or scheme not in _SCHEMES:
        raise DatabaseUrlError(
            f"{variable} does not begin with `postgresql://`. It should look like {_EXAMPLE}."
        )
    plain = f"postgresql://{rest}"
    try:
        parameters = conninfo_to_dict(plain)
    except psycopg.ProgrammingError:
        parameters = {}
    database, host = (str(parameters.get(name, "")) for name in ("dbname", "host"))
    ports = str(parameters.get("port") or 5432).split(",")
    if not database or "@" in host + database or not all(port.isdigit() for port in ports):
        # libpq's own words could repeat the password.
        raise DatabaseUrlError(
            f"{variable} is not a database URL of the form {_EXAMPLE}. In user and password every "
            "character other than letters, digits and -._~ must be written as %XX (@ is %40, / is "
            "%2F, # is %23)."
        )
    return plain


def place_of(url: str, variable: str) -> str:
    """A database in words, without a password: host, port, name, and where that is said.

    Args:
        url: the database, starting `postgresql://`.
        variable: where the URL comes from.
    """
    parameters = conninfo_to_dict(url)
    host = parameters.get("host") or "the local socket"
    port = parameters.get("port") or 5432
    return f"{host}:{port}, database {parameters.get('dbname')} ({variable})"


def _dagster_place(settings: Settings) -> str:
    dagster_url = _given(settings.dagster_pg_url, DAGSTER_VARIABLE)
    if dagster_url is not None:
        return place_of(dagster_url, DAGSTER_VARIABLE)
    return f"its schema {DAGSTER_SCHEMA}" if settings.moss_database_url else "its database dagster"


def _without_password(message: str, url: str) -> str:
    password = conninfo_to_dict(url).get("password")
    reason = " ".join(message.split())
    return reason.replace(str(password), "***") if password else reason


def _with_search_path(url: str, schema: str) -> str:
    user, at, place = url.rpartition("@")  # a `?` before that belongs to the password
    base, _, query = place.partition("?")
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    options = f"{parameters.get('options', '')} -csearch_path={schema}".strip()
    query = urlencode({**parameters, "options": options}, quote_via=quote)
    return f"{user}{at}{base}?{query}"


def _make_schema(url: str) -> None:
    place = place_of(url, MOSS_VARIABLE)
    with connect_or_explain(url, MOSS_VARIABLE) as connection:
        found = connection.execute("select to_regnamespace(%(name)s)", {"name": DAGSTER_SCHEMA})
        if found.fetchone() != (None,):
            return
        try:
            connection.execute(sql.SQL("create schema {}").format(sql.Identifier(DAGSTER_SCHEMA)))
        except (errors.DuplicateSchema, errors.UniqueViolation):
            return  # another process was quicker
        except errors.InsufficientPrivilege as error:
            raise DatabaseUnreachableError(
                f"{place}: this user may not create the schema `{DAGSTER_SCHEMA}`, where Dagster "
                "would keep its runs.\nWhat to do: let a database administrator run all that "
                "`moss-jamf doctor` says under Rights, or give Dagster another database with "
                f"{DAGSTER_VARIABLE}."
            ) from error


class _Leases:
    """What this process holds or has seen to: leases of embedded servers, schemas that exist."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._embedded: dict[Path, EmbeddedLease] = {}
        self._schemas: dict[str, str] = {}

    def embedded(self, state_directory: Path) -> EmbeddedLease:
        directory = state_directory.absolute() / "postgres"
        with self._lock:
            lease = self._embedded.get(directory)
            if lease is None:
                lease = EmbeddedPostgres(directory).connect_lease()
                self._embedded[directory] = lease
            else:
                lease.restart_if_ended()
            return lease

    def dagster_schema_of(self, moss_url: str) -> str:
        with self._lock:
            if moss_url not in self._schemas:
                _make_schema(moss_url)
                self._schemas[moss_url] = _with_search_path(moss_url, DAGSTER_SCHEMA)
            return self._schemas[moss_url]

    def release(self) -> None:
        with self._lock:
            for lease in self._embedded.values():
                lease.release()
            self._embedded.clear()

    def begin_anew(self) -> None:
        """In a forked child: own leases, own lock. The inherited ones stay open, and harmless."""
        self._lock = threading.Lock()
        self._embedded = {}


_leases = _Leases()
os.register_at_fork(after_in_child=_leases.begin_anew)
