"""What a dialect says of a M.O.S.S.: where each relation of the contract stands, its words and what it cannot hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Source:
    """A table that a relation of the contract is read from.

    Attributes:
        table: with its schema.
        columns: the relation's columns, each with the table's.
        optional: those of them that the table may lack, each with the value, as SQL, that stands for it then.
        condition: which of its rows belong to the relation, as SQL; all of them if empty.
        condition_columns: the columns that the condition looks at and `columns` does not have.
    """

    table: str
    columns: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=dict)
    condition: str = ""
    condition_columns: tuple[str, ...] = ()

    @property
    def needed(self) -> frozenset[str]:
        """The table's columns that have to be there."""
        named = {own for column, own in self.columns.items() if column not in self.optional}
        return frozenset(named | set(self.condition_columns))

    @property
    def is_of_moss(self) -> bool:
        """Whether it is a table of M.O.S.S. and not one of `jamf_sync`."""
        return self.table.startswith("public.")


def read_from(
    table: str, *same: str, optional: Mapping[str, str] | None = None, **renamed: str
) -> Source:
    """A source with columns named alike in relation and table, and with those that the table calls otherwise."""
    return Source(table, {name: name for name in same} | renamed, optional or {})


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that one M.O.S.S. can and another cannot.

    Attributes:
        name: as statements ask for it.
        is_available: whether this one can.
        meaning: what follows from it, for people.
    """

    name: str
    is_available: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way M.O.S.S. names its tables and columns.

    Attributes:
        name: also of its folder in `sql/generated`.
        title: for people.
        relations: every relation of the contract with its sources; none if this M.O.S.S. has nothing of the kind.
        marker: a table of M.O.S.S. and a column that only this dialect has.
        vocabulary: domain and canonical word, with the word that this M.O.S.S. accepts.
        capabilities: what it can and cannot do.
        beyond_the_contract: what else the owner of the contract does, as table, SQL's word and columns (none: the table
            as a whole). Tables and columns that may be absent.
        for_the_companion: what else the log-in does that serves the companion: tells who a caller is, notes what an
            administrator did. In the same form; empty where M.O.S.S. has no log-ins.
    """

    name: str
    title: str
    relations: Mapping[str, tuple[Source, ...]]
    marker: tuple[str, str]
    vocabulary: Mapping[tuple[str, str], str]
    capabilities: tuple[Capability, ...]
    beyond_the_contract: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    for_the_companion: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    def tables(self) -> dict[str, frozenset[str]]:
        """Every table of M.O.S.S. that is used, without its schema, with the columns that have to be there."""
        columns: dict[str, set[str]] = {}
        for sources in self.relations.values():
            for source in sources:
                if source.is_of_moss:
                    table = source.table.removeprefix("public.")
                    columns.setdefault(table, set()).update(source.needed)
        return {table: frozenset(names) for table, names in columns.items()}


INTEGRATION_TABLES: Final[Mapping[str, tuple[Source, ...]]] = {
    "integration_configs": (
        read_from(
            "public.integration_configs",
            *("id", "integration_type", "name", "is_enabled", "config", "sync_schedule"),
            *("auto_sync_enabled", "sync_settings", "environment", "access_scope"),
            *("last_sync_at", "last_sync_status", "last_sync_error"),
            # M.O.S.S.'s migrations may have stopped before these columns.
            optional={"environment": "'production'", "access_scope": "'{}'"},
        ),
    ),
    "integration_credentials": (
        read_from("public.integration_configs", "id", "credentials_encrypted"),
    ),
    "integration_sync_history": (
        read_from(
            "public.integration_sync_history",
            *("id", "integration_config_id", "sync_started_at", "sync_completed_at", "status"),
            *("items_processed", "items_created", "items_updated", "items_skipped"),
            *("items_failed", "error_message", "error_details", "sync_type"),
            *("triggered_by_user_id", "duration_seconds"),
        ),
    ),
    "integration_object_mappings": (
        read_from(
            "public.integration_object_mappings",
            *("id", "integration_config_id", "external_type", "external_id", "internal_type"),
            *("internal_id", "last_synced_at", "sync_status", "external_data", "created_at"),
        ),
    ),
}
"""M.O.S.S.'s tables of integrations, which are the same in every dialect."""

DEVICE_COLUMNS: Final = (
    *("id", "hostname", "serial_number", "asset_tag", "model", "manufacturer", "device_type"),
    *("operating_system", "os_version", "location_id", "room_id", "notes"),
)
"""The columns of devices that have one name in every dialect."""
