"""Brings a database to what the pipeline needs: our schema `jamf_sync`, the contract, and M.O.S.S. if embedded."""

from dataclasses import dataclass

import psycopg

from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.statements import statement
from moss_jamf_pipeline.settings import project_file

# Every table the strategy dialect of the contract stands on, with the columns it reads or writes.
STRATEGY_TABLES: dict[str, frozenset[str]] = {
    "integration_configs": frozenset(
        {
            *("id", "integration_type", "name", "is_enabled", "config", "environment"),
            *("sync_schedule", "auto_sync_enabled", "sync_settings"),
            *("last_sync_at", "last_sync_status", "last_sync_error"),
        }
    ),
    "integration_sync_history": frozenset(
        {
            *("id", "integration_config_id", "sync_started_at", "sync_completed_at", "status"),
            *("items_processed", "items_created", "items_updated", "items_skipped", "items_failed"),
            *("error_message", "error_details", "sync_type", "duration_seconds"),
        }
    ),
    "integration_object_mappings": frozenset(
        {
            *("id", "integration_config_id", "external_type", "external_id", "internal_type"),
            *("internal_id", "last_synced_at", "sync_status", "external_data"),
        }
    ),
    "locations": frozenset({"id", "name"}),
    "rooms": frozenset({"id", "location_id", "name"}),
    "people": frozenset(
        {
            *("id", "username", "full_name", "email_address", "phone_number", "job_title"),
            *("person_type", "notes"),
        }
    ),
    "devices": frozenset(
        {
            *("id", "hostname", "serial_number", "asset_tag", "model", "manufacturer"),
            *("device_type", "operating_system", "os_version"),
            *("location_id", "room_id", "assigned_to_person_id", "notes"),
        }
    ),
    "ios": frozenset({"id", "device_id", "interface_name", "interface_type", "mac_address"}),
    "groups": frozenset({"id", "name", "group_type", "external_id"}),
    "group_members": frozenset({"group_id", "person_id", "device_id"}),
    "custom_field_values": frozenset({"object_type", "object_id", "field_name", "value"}),
}

_LOCK = "select pg_advisory_xact_lock(hashtextextended('moss_jamf_pipeline schema', 0))"
_VERSIONS = """
create schema if not exists jamf_sync;
create table if not exists jamf_sync.schema_migrations (
  name text primary key,
  applied_at timestamptz not null default now()
)
"""


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """What `prepare` found and did.

    Attributes:
        dialect: which M.O.S.S. the contract now stands on.
        migrations: the migrations of `jamf_sync` applied just now.
        created_moss: whether the strategy's M.O.S.S. tables were created.
    """

    dialect: str
    migrations: tuple[str, ...]
    created_moss: bool


def missing_columns(connection: psycopg.Connection) -> list[str]:
    """What the strategy's M.O.S.S. lacks here, as `table` or `table.column`; empty when all is there."""
    rows = connection.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
    ).fetchall()
    present: dict[str, set[str]] = {}
    for table, column in rows:
        present.setdefault(table, set()).add(column)
    missing = [table for table in STRATEGY_TABLES if table not in present]
    missing += [
        f"{table}.{column}"
        for table, columns in STRATEGY_TABLES.items()
        if table in present
        for column in sorted(columns - present[table])
    ]
    return missing


def pending_migrations(connection: psycopg.Connection) -> list[str]:
    """The migrations of `jamf_sync` this database has not had, in order."""
    known: set[str] = set()
    table = connection.execute("select to_regclass('jamf_sync.schema_migrations')").fetchone()
    if table is not None and table[0] is not None:
        known = {
            name for (name,) in connection.execute("select name from jamf_sync.schema_migrations")
        }
    files = sorted(project_file("sql/migrations").glob("*.sql"))
    return [file.stem for file in files if file.stem not in known]


def prepare(connection: psycopg.Connection, *, may_create_moss: bool) -> SchemaReport:
    """Creates or updates `jamf_sync` and the contract, in one transaction. Safe to run again.

    Args:
        connection: one with the right to create schemas.
        may_create_moss: whether an empty database may get the strategy's M.O.S.S. tables (the embedded one may).

    Raises:
        MossNotPrepared: the database holds no M.O.S.S. the contract knows.
    """
    with connection.transaction():
        # Two processes that start together prepare one after the other.
        connection.execute(_LOCK)
        missing = missing_columns(connection)
        created_moss = may_create_moss and set(missing) == set(STRATEGY_TABLES)
        if created_moss:
            connection.execute(statement("moss/create_strategy_schema"))
        elif missing:
            raise MossNotPrepared(
                f"This database is not a M.O.S.S. that the pipeline knows; it lacks {', '.join(missing)}.",
                "Point MOSS_DATABASE_URL at the M.O.S.S. database.",
            )
        connection.execute(_VERSIONS)
        migrations = pending_migrations(connection)
        for name in migrations:
            connection.execute(statement(f"migrations/{name}"))
            connection.execute(
                "insert into jamf_sync.schema_migrations (name) values (%s)", (name,)
            )
        _install_contract(connection)
    return SchemaReport(dialect="strategy", migrations=tuple(migrations), created_moss=created_moss)


def _install_contract(connection: psycopg.Connection) -> None:
    for name in ("contract/create_contract", "contract/strategy", "contract/current_values"):
        connection.execute(statement(name))
