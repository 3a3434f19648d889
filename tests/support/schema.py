"""What a test's M.O.S.S. database holds before the test begins."""

import subprocess
from pathlib import Path
from typing import Final

import psycopg

from moss_jamf_pipeline.embedded.cluster import find_binaries
from moss_jamf_pipeline.moss.contract.schema import prepare
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import DEFAULT_NAME, create_integration
from tests.support.dialects import RELEASE, STRATEGY, Dialect

_RELEASED_MOSS: Final = Path(__file__).parent / "released_moss"


def create_moss(url: str, dialect: Dialect) -> None:
    """Makes an empty M.O.S.S. of a dialect, ready to be synced."""
    database = MossDatabase(url)
    try:
        with database.connection() as connection:
            if dialect is RELEASE:
                create_released_tables(connection)
            prepare(connection, may_create_moss=dialect is STRATEGY)
            create_integration(connection, DEFAULT_NAME, base_url=None)
            if dialect is RELEASE:
                show_as_people_see_it(connection)
    finally:
        database.dispose()


def create_released_tables(
    connection: psycopg.Connection, *, stopped_at_migration_27: bool = False
) -> None:
    """Makes the tables of M.O.S.S. as released, in an empty database.

    Args:
        connection: to the database.
        stopped_at_migration_27: whether M.O.S.S.'s own migrations stopped there, as they do the first time they run.
    """
    _run(connection, "tables")
    if stopped_at_migration_27:
        _run(connection, "stopped_at_migration_27")


def show_as_people_see_it(connection: psycopg.Connection) -> None:
    """Adds the views that let a test read and write a released M.O.S.S. in the strategy's names; after `prepare`."""
    _run(connection, "as_people_see_it")


def _run(connection: psycopg.Connection, name: str) -> None:
    with connection.transaction():
        # As M.O.S.S.'s own migrations run: they name no schema.
        connection.execute("set local search_path = public")
        connection.execute((_RELEASED_MOSS / f"{name}.sql").read_bytes())


def schema_of(url: str) -> str:
    """Everything that M.O.S.S.'s administrator sees of it but its rows: tables, functions, triggers, owners, rights."""
    dumped = subprocess.run(
        [find_binaries() / "pg_dump", "--schema-only", f"--dbname={url}"],
        capture_output=True,
        text=True,
        check=True,
    )
    # A key that is another with each dump.
    return "".join(
        line
        for line in dumped.stdout.splitlines(keepends=True)
        if not line.startswith(("\\restrict", "\\unrestrict"))
    )
