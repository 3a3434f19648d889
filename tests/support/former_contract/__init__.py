"""A database as `moss-jamf init` left it while the contract was one of views, for the test of the upgrade."""

from pathlib import Path
from typing import Final

import psycopg

from moss_jamf_pipeline.moss.statements import statement
from moss_jamf_pipeline.settings import project_file

_HERE: Final = Path(__file__).parent
_LAST_MIGRATION: Final = "0014_plan_rows_updated_in_place"
SHARED_ROLES: Final = ("moss_jamf_reader", "moss_jamf_writer")
"""The roles that every database of a server had in common then."""


def install_former_contract(connection: psycopg.Connection, dialect: str) -> None:
    """Prepares a database that holds M.O.S.S.'s tables as it was done then."""
    connection.execute(
        """create schema jamf_sync;
           create table jamf_sync.schema_migrations (
             name text primary key, applied_at timestamptz not null default now())"""
    )
    for file in sorted(project_file("sql/migrations").glob("*.sql")):
        if file.stem <= _LAST_MIGRATION:
            connection.execute(statement(f"migrations/{file.stem}"))
            connection.execute(
                "insert into jamf_sync.schema_migrations (name) values (%s)", (file.stem,)
            )
    for name in (dialect, "grants"):
        connection.execute((_HERE / f"{name}.sql").read_bytes())
