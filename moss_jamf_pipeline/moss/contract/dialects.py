"""The dialects of M.O.S.S.: which tables and columns the contract stands on, and which one a database speaks.

The strategy document and the released M.O.S.S. name things differently. The contract's views absorb that
(`sql/contract/<dialect>.sql`); here is the same correspondence as data, to look at a database before the views exist
and to say of each column which table it comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psycopg

from moss_jamf_pipeline.moss.statements import fetch_all, fetch_value


@dataclass(frozen=True, slots=True)
class TableMap:
    """What one view of the contract takes from one M.O.S.S. table.

    Attributes:
        table: the table, in schema `public`.
        columns: the view's columns, each with the table's.
    """

    table: str
    columns: Mapping[str, str]


def _from(table: str, *same: str, **renamed: str) -> TableMap:
    """A map from columns named alike in both, and from those that the table calls otherwise."""
    return TableMap(table, {name: name for name in same} | renamed)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way M.O.S.S. names its tables and columns.

    Attributes:
        name: also of the file in `sql/contract`.
        title: for people.
        views: the contract's views that stand on M.O.S.S. tables.
        marker: a table and column that only this dialect has.
    """

    name: str
    title: str
    views: Mapping[str, TableMap]
    marker: tuple[str, str]

    def tables(self) -> dict[str, frozenset[str]]:
        """Every table of M.O.S.S. that is used, with the columns that have to be there."""
        columns: dict[str, set[str]] = {}
        for view in self.views.values():
            columns.setdefault(view.table, set()).update(view.columns.values())
        return {table: frozenset(names) for table, names in columns.items()}


_INTEGRATION_TABLES: Final = {
    "integration_configs": _from(
        "integration_configs",
        *("id", "integration_type", "name", "is_enabled", "config", "sync_schedule"),
        *("auto_sync_enabled", "sync_settings"),
        *("last_sync_at", "last_sync_status", "last_sync_error"),
    ),
    "integration_credentials": _from("integration_configs", "id", "credentials_encrypted"),
    "integration_sync_history": _from(
        "integration_sync_history",
        *("id", "integration_config_id", "sync_started_at", "sync_completed_at", "status"),
        *("items_processed", "items_created", "items_updated", "items_skipped", "items_failed"),
        *("error_message", "error_details", "sync_type", "triggered_by_user_id"),
        "duration_seconds",
    ),
    "integration_object_mappings": _from(
        "integration_object_mappings",
        *("id", "integration_config_id", "external_type", "external_id", "internal_type"),
        *("internal_id", "last_synced_at", "sync_status", "external_data"),
    ),
}

_DEVICE: Final = (
    *("id", "hostname", "serial_number", "asset_tag", "model", "manufacturer", "device_type"),
    *("operating_system", "os_version", "location_id", "room_id", "notes"),
)

STRATEGY: Final = Dialect(
    name="strategy",
    title="M.O.S.S. as the strategy document writes it",
    views={
        **_INTEGRATION_TABLES,
        "locations": _from("locations", "id", "name"),
        "rooms": _from("rooms", "id", "location_id", "name"),
        "people": _from(
            "people",
            *("id", "username", "full_name", "email_address", "phone_number", "job_title"),
            *("person_type", "notes"),
        ),
        "devices": _from("devices", *_DEVICE, "assigned_to_person_id"),
        "ios": _from("ios", "id", "device_id", "interface_name", "interface_type", "mac_address"),
        "groups": _from("groups", "id", "name", "group_type", "external_id"),
        "group_device_members": _from("group_members", "group_id", "device_id"),
        "group_person_members": _from("group_members", "group_id", "person_id"),
        "custom_field_values": _from(
            "custom_field_values", "object_type", "object_id", "field_name", "value"
        ),
    },
    marker=("devices", "assigned_to_person_id"),
)

RELEASE: Final = Dialect(
    name="release",
    title="M.O.S.S. as released",
    views={
        **_INTEGRATION_TABLES,
        "locations": _from("locations", "id", name="location_name"),
        "rooms": _from("rooms", "id", "location_id", name="room_name"),
        "people": _from(
            "people",
            *("id", "username", "full_name", "job_title", "person_type", "notes"),
            email_address="email",
            phone_number="phone",
        ),
        "devices": _from("devices", *_DEVICE, assigned_to_person_id="assigned_to_id"),
        "ios": _from("ios", "id", "device_id", "interface_name", "interface_type", "mac_address"),
        "groups": _from(
            "groups", "id", "group_type", name="group_name", external_id="group_id_external"
        ),
        "group_person_members": _from("group_members", "group_id", "person_id"),
        "users": _from("users", "id", "email", "is_active"),
        "role_assignments": _from("role_assignments", "group_id"),
        "object_permissions": _from("object_permissions", "group_id"),
    },
    marker=("devices", "assigned_to_id"),
)

DIALECTS: Final = (STRATEGY, RELEASE)


@dataclass(frozen=True, slots=True)
class Detection:
    """What a database looks like.

    Attributes:
        dialect: the one it speaks, or comes nearest to.
        missing: what it lacks of that dialect, as `table` or `table.column`; empty when all is there.
        is_empty: whether it holds none of M.O.S.S.'s tables at all.
        release_migration: the number of the newest migration that the released M.O.S.S. recorded; None if it did not.
    """

    dialect: Dialect
    missing: tuple[str, ...]
    is_empty: bool
    release_migration: int | None

    @property
    def is_usable(self) -> bool:
        """Whether the contract can stand on it."""
        return not self.missing

    def what_is_missing(self) -> str:
        """What it lacks, in a sentence."""
        if self.is_empty:
            return "The database holds no M.O.S.S. tables."
        found = (
            "" if self.release_migration is None else f" (its migration {self.release_migration})"
        )
        return f"This M.O.S.S.{found} lacks {', '.join(self.missing)}."

    def remedy(self) -> str:
        """What to do about it."""
        if self.is_empty:
            return "Point MOSS_DATABASE_URL at the M.O.S.S. database."
        if self.dialect is RELEASE:
            return (
                "Update M.O.S.S. with its own `npm run db:migrate`, then run `moss-jamf init`. Its integration tables "
                "come with migrations 024 to 028; its runner stops at the second migration 027 the first time, and "
                "goes on when run again."
            )
        return "Point MOSS_DATABASE_URL at a M.O.S.S. of a version that the pipeline knows."


def detect(connection: psycopg.Connection) -> Detection:
    """Looks at the catalogue and says which M.O.S.S. a database holds, and what it lacks. Reads nothing else."""
    present: dict[str, set[str]] = {}
    for row in fetch_all(connection, "catalogue/public_columns"):
        present.setdefault(row["table"], set()).add(row["column"])
    lacking = {dialect.name: _missing(dialect, present) for dialect in DIALECTS}
    dialect = next(
        (known for known in DIALECTS if known.marker[1] in present.get(known.marker[0], set())),
        min(DIALECTS, key=lambda known: len(lacking[known.name])),
    )
    known_tables = set().union(*(known.tables() for known in DIALECTS))
    return Detection(
        dialect=dialect,
        missing=lacking[dialect.name],
        is_empty=known_tables.isdisjoint(present),
        release_migration=_release_migration(connection, present),
    )


def _release_migration(
    connection: psycopg.Connection, present: Mapping[str, set[str]]
) -> int | None:
    if "migration_number" not in present.get("schema_migrations", set()):
        return None
    try:
        with connection.transaction():
            number: int | None = fetch_value(connection, "catalogue/release_migration")
    except psycopg.errors.InsufficientPrivilege:
        return None  # it only helps to name the version
    return number


def _missing(dialect: Dialect, present: Mapping[str, set[str]]) -> tuple[str, ...]:
    tables = dialect.tables()
    return (
        *(table for table in tables if table not in present),
        *(
            f"{table}.{column}"
            for table, columns in tables.items()
            if table in present
            for column in sorted(columns - present[table])
        ),
    )
