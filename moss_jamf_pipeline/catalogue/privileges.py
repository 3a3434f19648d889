"""Who may do what to M.O.S.S.'s tables, as it follows from the ownership table and a dialect.

The reader captures, matches and plans; the writer applies plans; the owner of the contract is whose rights its definer
functions have, and who runs `init` and `credentials set`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from moss_jamf_pipeline.catalogue.dialects import Dialect
from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPES, object_type_named
from moss_jamf_pipeline.catalogue.ownership import OwnershipRule, declared_rules

# What the pipeline keeps of its own in M.O.S.S.: links, history, the last sync, values of custom fields.
_BOOKKEEPING_INSERTS: Final[Mapping[str, tuple[str, ...]]] = {
    "integration_object_mappings": (
        *("id", "integration_config_id", "external_type", "external_id", "internal_type"),
        *("internal_id", "last_synced_at", "sync_status", "external_data"),
    ),
    "integration_sync_history": (
        *("integration_config_id", "sync_started_at", "status", "sync_type"),
        "triggered_by_user_id",
    ),
    "custom_field_values": ("object_type", "object_id", "field_name", "value"),
}
_BOOKKEEPING_UPDATES: Final[Mapping[str, tuple[str, ...]]] = {
    "integration_object_mappings": (
        *("external_type", "external_id", "internal_id", "last_synced_at", "sync_status"),
        "external_data",
    ),
    "integration_sync_history": (
        *("status", "sync_completed_at", "items_processed", "items_created", "items_updated"),
        *("items_skipped", "items_failed", "error_message", "error_details", "duration_seconds"),
    ),
    "integration_configs": ("last_sync_at", "last_sync_status", "last_sync_error"),
    "custom_field_values": ("value",),
}
# The custom fields of mapped extension attributes, where the sync makes them; not every M.O.S.S. keeps choices.
_CUSTOM_FIELDS: Final = ("field_label", "field_type", "field_options")
# Written with the rights of the contract's owner: by its definer functions, and by commands of a person.
_OWNER_INSERTS: Final[Mapping[str, tuple[str, ...]]] = {
    "group_person_members": ("group_id", "person_id"),
    "group_device_members": ("group_id", "device_id"),
    "integration_configs": (
        *("integration_type", "name", "is_enabled", "config", "sync_schedule"),
        "auto_sync_enabled",
    ),
}
_OWNER_UPDATES: Final[Mapping[str, tuple[str, ...]]] = {
    "integration_configs": ("is_enabled", "config"),
    "integration_credentials": ("credentials_encrypted",),
}
_OWNER_DELETES: Final = (
    *("group_person_members", "group_device_members", "integration_object_mappings"),
)
# What a person configures by way of the companion.
_CONFIGURATION: Final = (
    *("is_enabled", "config", "sync_schedule", "auto_sync_enabled", "sync_settings"),
    "access_scope",
)
# Nobody but the owner of the contract and the captures, which log in to JAMF, may read these.
_CREDENTIALS: Final = "integration_credentials"


@dataclass(slots=True)
class Privileges:
    """What somebody may do to one table; columns in the table's own names.

    Attributes:
        selects: columns that may be read.
        inserts: columns that a new row may be given.
        updates: columns that may be changed.
        whole: what may be done to the table as a whole, in SQL's words.
    """

    selects: set[str] = field(default_factory=set)
    inserts: set[str] = field(default_factory=set)
    updates: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)

    def columns(self) -> dict[str, set[str]]:
        """The columns by SQL's word for what may be done to them."""
        return {"select": self.selects, "insert": self.inserts, "update": self.updates}


TablePrivileges = dict[str, Privileges]
"""Table of M.O.S.S., with its schema, to what may be done to it."""


def reader_privileges(dialect: Dialect) -> TablePrivileges:
    """What the reading role may do: read what the contract reads."""
    privileges: TablePrivileges = {}
    _add_reads(privileges, dialect, dialect.relations)
    return privileges


def writer_privileges(
    dialect: Dialect, rules: Iterable[OwnershipRule] | None = None
) -> TablePrivileges:
    """What the writing role may do, as the ownership table has it.

    A column is insertable if its rule writes it on create, and updatable only if JAMF may overwrite it. One that is
    only filled while empty is not updatable (`moss_contract.fill_empty` does that), nor is one that follows its default
    (`moss_contract.follow_default`), nor one of objects of which only those are changed that the sync created
    (`moss_contract.overwrite_interfaces`), nor a definition of a custom field
    (`moss_contract.renew_attribute_fields`). No row of M.O.S.S. is deletable.

    Args:
        dialect: of M.O.S.S.
        rules: the declared ones by default; an integration's overrides only ever narrow them.
    """
    declared = tuple(declared_rules() if rules is None else rules)
    privileges: TablePrivileges = {}
    _add_reads(privileges, dialect, [name for name in dialect.relations if name != _CREDENTIALS])
    for relation, columns in _BOOKKEEPING_INSERTS.items():
        _add(privileges, dialect, relation, inserts=columns)
    for relation, columns in _BOOKKEEPING_UPDATES.items():
        _add(privileges, dialect, relation, updates=columns)
    described = _described_fields(dialect)
    _add(privileges, dialect, "custom_fields", inserts=("object_type", "field_name", *described))
    for kind in OBJECT_TYPES:
        own = [rule for rule in declared if rule.object_type == kind.name and rule.is_column]
        if own:
            created = [rule.field for rule in own if rule.on_create != "never"]
            overwritten = [
                rule.field
                for rule in own
                if rule.on_update == "overwrite" and not kind.only_created
            ]
            inserts = (*kind.identity, *created)
            _add(privileges, dialect, kind.relation, inserts=inserts, updates=overwritten)
    return privileges


def owner_privileges(dialect: Dialect) -> TablePrivileges:
    """What the owner of the contract needs: what its definer functions and the commands of a person write.

    That includes what M.O.S.S.'s own triggers do meanwhile, for they have the same rights.
    """
    privileges: TablePrivileges = {}
    _add_reads(privileges, dialect, dialect.relations)
    for relation, columns in _OWNER_INSERTS.items():
        _add(privileges, dialect, relation, inserts=columns)
    for relation, columns in _OWNER_UPDATES.items():
        _add(privileges, dialect, relation, updates=columns)
    _add(privileges, dialect, "custom_fields", updates=_described_fields(dialect))
    for rule in declared_rules():
        kind = object_type_named(rule.object_type)
        is_ours = rule.on_update in ("fill", "follow")
        if rule.is_column and (is_ours or (kind.only_created and rule.on_update == "overwrite")):
            _add(privileges, dialect, kind.relation, updates=[rule.field])
    for table, verb, columns in dialect.beyond_the_contract:
        rights = privileges.setdefault(table, Privileges())
        if columns:
            rights.columns()[verb].update(columns)
        else:
            rights.whole.add(verb)
    for relation in _OWNER_DELETES:
        for source in dialect.relations[relation]:
            if source.is_of_moss:
                privileges[source.table].whole.add("delete")
    return privileges


def _described_fields(dialect: Dialect) -> tuple[str, ...]:
    """What a custom field of an extension attribute is described by, as far as this M.O.S.S. keeps it."""
    (known,) = dialect.relations["custom_fields"]
    return tuple(column for column in _CUSTOM_FIELDS if column not in known.optional)


def companion_privileges(dialect: Dialect) -> TablePrivileges:
    """What the log-in that serves the companion needs besides: who callers are, what they did, what they configure."""
    privileges: TablePrivileges = {}
    _add(privileges, dialect, "integration_configs", updates=_CONFIGURATION)
    for table, verb, columns in dialect.for_the_companion:
        privileges.setdefault(table, Privileges()).columns()[verb].update(columns)
    return privileges


def _add_reads(privileges: TablePrivileges, dialect: Dialect, relations: Iterable[str]) -> None:
    for relation in relations:
        for source in dialect.relations[relation]:
            if source.is_of_moss:
                columns = {*source.columns.values(), *source.condition_columns}
                privileges.setdefault(source.table, Privileges()).selects |= columns


def _add(
    privileges: TablePrivileges,
    dialect: Dialect,
    relation: str,
    *,
    inserts: Iterable[str] = (),
    updates: Iterable[str] = (),
) -> None:
    for source in dialect.relations[relation]:
        if source.is_of_moss:
            table = privileges.setdefault(source.table, Privileges())
            table.inserts |= {source.columns[column] for column in inserts}
            table.updates |= {source.columns[column] for column in updates}
