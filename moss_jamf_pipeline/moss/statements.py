"""Runs the SQL files of the top-level `sql/` folder.

A file holds one statement (or, for schema files, one transaction) with psycopg's named parameters, `%(name)s`.
SQL is never put together from strings. Where dialects of M.O.S.S. differ, a statement is generated for each
(`sql/generated/<dialect>`), and that of the connection's database is run.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final
from weakref import WeakSet

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from moss_jamf_pipeline.moss.contract.installation import installation
from moss_jamf_pipeline.settings import project_file

_ROWS_PER_PAGE: Final = 1_000

Parameters = Mapping[str, Any]
Row = dict[str, Any]


@cache
def statement(name: str, dialect: str | None = None) -> bytes:
    """The text of `sql/<name>.sql`, e.g. `statement("plan/compare_devices")`, as psycopg takes it.

    Args:
        name: path below `sql/`, without its ending.
        dialect: of M.O.S.S.; what is generated for it (`sql/generated/<dialect>/<name>.sql`) goes first.
    """
    folder = f"sql/generated/{dialect}" if dialect and name in generated_statements() else "sql"
    return project_file(f"{folder}/{name}.sql").read_bytes()


@cache
def generated_statements() -> frozenset[str]:
    """The names of the statements that are generated for each dialect."""
    folder = project_file("sql/generated")
    return frozenset(
        "/".join(file.relative_to(folder).with_suffix("").parts[1:])
        for file in folder.glob("*/*/*.sql")
    )


_LINKS = b"moss_contract.integration_object_mappings()"
_PRESUMED_LINKS = b"pg_temp.presumed_links"
_presuming: "WeakSet[psycopg.Connection]" = WeakSet()


@contextmanager
def reading_presumed_links(connection: psycopg.Connection) -> Iterator[None]:
    """Statements on a connection read `presumed_links` in the place of M.O.S.S.'s links (`integration.successors`)."""
    _presuming.add(connection)
    try:
        yield
    finally:
        _presuming.discard(connection)


@contextmanager
def reading_links_as_they_are(connection: psycopg.Connection) -> Iterator[bool]:
    """Statements on a connection read M.O.S.S.'s own links, whatever is presumed.

    Yields:
        Whether links are presumed.
    """
    was_presuming = connection in _presuming
    _presuming.discard(connection)
    try:
        yield was_presuming
    finally:
        if was_presuming:
            _presuming.add(connection)


def _text(connection: psycopg.Connection, name: str) -> bytes:
    """A statement as it is run in the database of a connection."""
    dialect = installation(connection).dialect if name in generated_statements() else None
    text = statement(name, dialect)
    return text.replace(_LINKS, _PRESUMED_LINKS) if connection in _presuming else text


def execute(connection: psycopg.Connection, name: str, parameters: Parameters | None = None) -> int:
    """Runs a statement for its effect.

    Returns:
        The number of rows it touched; of a statement with data-modifying CTEs, of its last part.
    """
    return connection.execute(_text(connection, name), parameters).rowcount


def fetch_all(
    connection: psycopg.Connection, name: str, parameters: Parameters | None = None
) -> list[Row]:
    """Runs a statement and returns its rows, each as column name to value."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_text(connection, name), parameters).fetchall()


def fetch_one(
    connection: psycopg.Connection, name: str, parameters: Parameters | None = None
) -> Row | None:
    """Runs a statement that yields at most one row."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_text(connection, name), parameters).fetchone()


def fetch_pages(
    connection: psycopg.Connection, name: str, parameters: Parameters | None = None
) -> Iterator[list[Row]]:
    """Runs a statement and returns its rows as they are read, in the memory of one page of them.

    Args:
        connection: in autocommit mode; it is at work until the last page is taken, and may run other statements.
        name: as of `statement`.
        parameters: of the statement.
    """
    with (
        connection.transaction(),
        connection.cursor(name.replace("/", "_"), row_factory=dict_row) as cursor,
    ):
        cursor.execute(_text(connection, name), parameters)
        while page := cursor.fetchmany(_ROWS_PER_PAGE):
            yield page


def fetch_value(
    connection: psycopg.Connection, name: str, parameters: Parameters | None = None
) -> Any:
    """Runs a statement that yields exactly one row and returns its first column."""
    row = connection.execute(_text(connection, name), parameters).fetchone()
    if row is None:
        raise LookupError(f"sql/{name}.sql was to yield one row and yielded none")
    return row[0]


def refresh_statistics(connection: psycopg.Connection, table: str) -> None:
    """Renews PostgreSQL's statistics of a table of `jamf_sync` after much of it changed; without them it plans badly.

    Args:
        connection: any, under any of the pipeline's roles.
        table: `schema.name`.
    """
    execute(connection, "catalogue/refresh_statistics", {"table": table})


@contextmanager
def joining_by_hash(connection: psycopg.Connection) -> Iterator[None]:
    """Statements that join many rows with many, inside a transaction that is open.

    PostgreSQL has no statistics of a CTE, and old ones of a table that was filled a second ago: it takes ten thousand
    rows for fifty and loops over them, which made an unchanged re-run of 10,000 computers eight times slower. Hash and
    merge joins are right for all of these statements (docs/decisions/0002).
    """
    before = connection.execute(
        "select current_setting('enable_nestloop'), set_config('enable_nestloop', 'off', true)"
    ).fetchone()
    yield
    # After an error there is nothing to take back: whoever handles it has rolled back to before.
    if before is not None:
        connection.execute("select set_config('enable_nestloop', %s, true)", (before[0],))


@contextmanager
def set_based_transaction(connection: psycopg.Connection) -> Iterator[None]:
    """A transaction for statements that join whole fleets; see `joining_by_hash`."""
    if connection.info.transaction_status != TransactionStatus.IDLE:
        with connection.transaction(), joining_by_hash(connection):
            yield
        return
    with connection.transaction():
        # What a transaction sets for itself ends with it.
        connection.execute("set local enable_nestloop = off")
        yield
