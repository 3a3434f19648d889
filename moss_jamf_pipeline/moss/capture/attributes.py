"""Extension attributes in `jamf_sync`: what JAMF defines, what of it is mapped to which custom field, and compared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.extension_attributes import (
    FieldType,
    field_type,
    is_of_patch_management,
)
from moss_jamf_pipeline.catalogue.ownership import OwnershipRule, custom_fields
from moss_jamf_pipeline.moss.integration.attribute_settings import MappedAttribute
from moss_jamf_pipeline.moss.integration.integrations import Integration, SyncSettings
from moss_jamf_pipeline.moss.statements import Row, execute, fetch_all

COMPUTER: Final = "computer"
"""Whose attributes these are, as links call the record."""

_LONGEST_LABEL: Final = 255
_BUSY_SHARE: Final = 0.2
"""Of the devices that have a value: as many do not change within hours what a person or a directory said."""
_BUSY_AT_LEAST: Final = 5
_BUSY_CAPTURES: Final = 3


class Definition(Protocol):
    """The definition of an extension attribute; `jamf.AttributeDefinition` is one."""

    @property
    def id(self) -> str:
        """JAMF's id."""

    @property
    def name(self) -> str:
        """What JAMF calls it."""

    @property
    def data_type(self) -> str | None:
        """As JAMF has it."""

    @property
    def input_type(self) -> str | None:
        """The same."""

    @property
    def is_enabled(self) -> bool | None:
        """Whether it is filled still; None: not told."""

    @property
    def is_multi_valued(self) -> bool | None:
        """Whether it may have several values."""

    @property
    def choices(self) -> tuple[str, ...] | None:
        """Of a pop-up menu."""


@dataclass(frozen=True, slots=True)
class KnownAttribute:
    """An extension attribute as it is known.

    Attributes:
        definition_id: JAMF's id, by which it is known whatever it is called.
        name: what JAMF calls it.
        data_type: as JAMF has it.
        input_type: the same.
        is_multi_valued: whether it may have several values.
        is_enabled: whether it is filled still.
        choices: of a pop-up menu.
        is_gone: whether JAMF has it no more.
        devices_with_value: how many records had a value at the last full sweep; None: never counted.
        is_mapped: whether it becomes a custom field.
        field_name: the name of that; None: it was never mapped.
        label: what M.O.S.S. calls it.
        field_type: of the custom field.
        is_adopted: whether people of M.O.S.S. made that custom field.
        changed_devices: on how many devices the last capture that was judged saw it changed.
        busy_captures: how many such captures in a row saw it changed on too many.
        not_compared_since: since when it is not compared any more for that.
        unreadable_devices: on how many devices its value is not of its type; None: on none.
    """

    definition_id: str
    name: str
    data_type: str
    input_type: str
    is_multi_valued: bool
    is_enabled: bool
    choices: tuple[str, ...]
    is_gone: bool = False
    devices_with_value: int | None = None
    is_mapped: bool = False
    field_name: str | None = None
    label: str | None = None
    field_type: FieldType | None = None
    is_adopted: bool | None = None
    changed_devices: int | None = None
    busy_captures: int = 0
    not_compared_since: datetime | None = None
    unreadable_devices: int | None = None

    @property
    def is_of_patch_management(self) -> bool:
        """Whether JAMF's patch management made it for itself."""
        return is_of_patch_management(self.name)

    @property
    def own_type(self) -> FieldType:
        """The type of a custom field for it, where nobody says another."""
        return field_type(self.data_type, self.input_type, is_multi_valued=self.is_multi_valued)

    def why_not_compared(self, said: MappedAttribute) -> str | None:
        """Why what M.O.S.S. has of it stays as it is, as a sentence; None: it does not.

        Args:
            said: what the integration says of it.
        """
        if self.is_gone:
            return "JAMF has it no more; what M.O.S.S. has of it stays."
        if not self.is_enabled:
            return "It is disabled in JAMF, so it is frozen: what M.O.S.S. has of it stays."
        if said.compare == "never":
            return "The setting says so (compare: never)."
        if said.compare == "auto" and self.not_compared_since is not None:
            return (
                f"It changes with every inventory: on {self.changed_devices or 0:,} devices at once, in "
                f'{_BUSY_CAPTURES} captures in a row. If that is meant, say "compare": "always".'
            )
        return None


def known_attributes(
    connection: psycopg.Connection, integration_id: UUID
) -> tuple[KnownAttribute, ...]:
    """What is known of an integration's extension attributes of computers, by name."""
    rows = fetch_all(
        connection,
        "attributes/known_attributes",
        {"integration_id": integration_id, "record_type": COMPUTER},
    )
    known = [
        KnownAttribute(
            **{
                **row,
                "choices": tuple(row["choices"]),
                "field_type": None if row["field_type"] is None else FieldType(row["field_type"]),
            }
        )
        for row in rows
    ]
    return tuple(sorted(known, key=lambda each: (each.name.casefold(), each.definition_id)))


def keep_definitions(
    connection: psycopg.Connection, integration: Integration, definitions: Iterable[Definition]
) -> None:
    """Keeps what JAMF defines, and which of it is mapped."""
    scope = {"integration_id": integration.id, "record_type": COMPUTER}
    defined = [
        {
            "definition_id": definition.id,
            "name": definition.name,
            "data_type": definition.data_type or "STRING",
            "input_type": definition.input_type or "TEXT",
            "is_multi_valued": bool(definition.is_multi_valued),
            "is_enabled": definition.is_enabled is not False,
            "choices": list(definition.choices or ()),
        }
        for definition in definitions
    ]
    with connection.transaction():
        execute(
            connection, "attributes/store_definitions", {**scope, "definitions": Jsonb(defined)}
        )
        known = known_attributes(connection, integration.id)
        said = mapping_of(integration.settings, known)
        existing = fetch_all(connection, "attributes/custom_fields_of_devices")
        mapped = [
            {
                "definition_id": attribute.definition_id,
                "field_name": attribute.field_name,
                "label": attribute.label,
                "field_type": attribute.field_type,
                "is_adopted": attribute.is_adopted,
            }
            for attribute in with_custom_fields(known, said, existing)
        ]
        execute(connection, "attributes/map_attributes", {**scope, "mapped": Jsonb(mapped)})


def mapping_of(
    settings: SyncSettings, known: Iterable[KnownAttribute]
) -> dict[str, MappedAttribute]:
    """The attributes that an integration maps, by definition id, with what it says of them.

    A reference is an id, or else the name of exactly one attribute, in any case.
    """
    by_id = {attribute.definition_id: attribute for attribute in known}
    by_name: dict[str, list[KnownAttribute]] = {}
    for attribute in by_id.values():
        if not attribute.is_gone:
            by_name.setdefault(attribute.name.strip().casefold(), []).append(attribute)
    mapped = {}
    for reference, said in (settings.extension_attributes or {}).items():
        found = by_name.get(reference.casefold(), [])
        if reference in by_id:
            mapped[reference] = said
        elif len(found) == 1:
            mapped[found[0].definition_id] = said
    return mapped


def unknown_references(settings: SyncSettings, known: Iterable[KnownAttribute]) -> tuple[str, ...]:
    """What the setting names and JAMF does not have, or has several of, as sentences."""
    attributes = tuple(known)
    sentences = []
    for reference in settings.extension_attributes or {}:
        named = [
            each.definition_id
            for each in attributes
            if each.name.strip().casefold() == reference.casefold() and not each.is_gone
        ]
        if any(each.definition_id == reference for each in attributes) or len(named) == 1:
            continue
        sentences.append(
            f"JAMF has {len(named)} extension attributes named {reference!r} (ids {', '.join(named)}): name one by id."
            if named
            else f"JAMF has no extension attribute with the id or the name {reference!r}."
        )
    return tuple(sentences)


def with_custom_fields(
    known: Iterable[KnownAttribute],
    said: Mapping[str, MappedAttribute],
    existing: Sequence[Row],
) -> Iterable[KnownAttribute]:
    """The mapped attributes, each with the custom field that it has, or gets now.

    One that people of M.O.S.S. made under the same label is adopted: it is never made a second time. Which one an
    attribute got it keeps, whatever JAMF calls the attribute later.

    Args:
        known: all attributes.
        said: what is mapped.
        existing: the custom fields of devices that there are.
    """
    attributes = [each for each in known if each.definition_id in said]
    names = {row["field_name"] for row in existing}
    # What the sync fills otherwise is nobody else's.
    taken = {*custom_fields("device"), *(each.field_name for each in attributes)}
    labelled: dict[str, list[Row]] = {}
    for row in existing:
        labelled.setdefault((row["label"] or "").strip().casefold(), []).append(row)
    for attribute in attributes:
        options = said[attribute.definition_id]
        label = (options.label or attribute.name or attribute.definition_id)[:_LONGEST_LABEL]
        field_name, is_adopted = attribute.field_name, bool(attribute.is_adopted)
        if field_name is None:
            alike = [
                row
                for row in labelled.get(label.strip().casefold(), [])
                if row["field_name"] not in taken
            ]
            if len(alike) == 1:
                field_name, is_adopted = alike[0]["field_name"], alike[0]["is_hand_made"]
            else:
                field_name = _free_name(attribute.definition_id, names | taken)
            taken.add(field_name)
        yield replace(
            attribute,
            field_name=field_name,
            label=label,
            field_type=options.type or attribute.own_type,
            is_adopted=is_adopted,
        )


def _free_name(definition_id: str, taken: Iterable[str | None]) -> str:
    """`jamf_ea_<definition id>`; another JAMF server may have an attribute of that id too."""
    name = f"jamf_ea_{definition_id}"[:90]
    names = set(taken)
    number = 2
    free = name
    while free in names:
        free = f"{name}_{number}"
        number += 1
    return free


def compared_attributes(
    settings: SyncSettings, known: Iterable[KnownAttribute]
) -> tuple[KnownAttribute, ...]:
    """The mapped attributes whose values are kept and compared."""
    attributes = tuple(known)
    said = mapping_of(settings, attributes)
    return tuple(
        each
        for each in attributes
        if each.is_mapped
        and each.definition_id in said
        and each.why_not_compared(said[each.definition_id]) is None
    )


def wanted_attributes(connection: psycopg.Connection, integration: Integration) -> frozenset[str]:
    """The ids of those, as known from the last sync that read definitions; empty while attributes are off."""
    if not integration.settings.reads_attributes:
        return frozenset()
    known = known_attributes(connection, integration.id)
    return frozenset(
        each.definition_id for each in compared_attributes(integration.settings, known)
    )


def attribute_rules(
    connection: psycopg.Connection, integration: Integration
) -> tuple[OwnershipRule, ...]:
    """Who wins the custom fields of the mapped attributes; none while attributes are off.

    A custom field that people of M.O.S.S. made is theirs, so it is only filled, unless the integration says otherwise.
    """
    if not integration.settings.reads_attributes:
        return ()
    known = known_attributes(connection, integration.id)
    said = mapping_of(integration.settings, known)
    rules = []
    for each in known:
        if not each.is_mapped or each.field_name is None or each.definition_id not in said:
            continue
        options = said[each.definition_id]
        on_update = options.on_update or ("fill" if each.is_adopted else "overwrite")
        if not integration.settings.update_existing_devices:
            on_update = "never"
        rules.append(
            OwnershipRule(
                object_type="device",
                field=each.field_name,
                place="custom_field",
                owner="JAMF" if on_update == "overwrite" else "M.O.S.S.",
                on_create="write",
                on_update=on_update,
                on_null=options.on_null,
                records_conflict=True,
                why=f"Extension attribute {each.name!r} of JAMF, mapped by the integration",
            )
        )
    return tuple(rules)


def attribute_labels(connection: psycopg.Connection, integration: Integration) -> Mapping[str, str]:
    """What people call the custom fields of extension attributes, by their names; none while attributes are off."""
    if not integration.settings.reads_attributes:
        return {}
    return {
        each.field_name: each.label
        for each in known_attributes(connection, integration.id)
        if each.field_name is not None and each.label is not None
    }


def note_counts(
    connection: psycopg.Connection, integration_id: UUID, counts: Mapping[str, int]
) -> None:
    """Keeps on how many records each attribute had a value at a full sweep."""
    execute(
        connection,
        "attributes/count_values",
        {"integration_id": integration_id, "record_type": COMPUTER, "counts": Jsonb(dict(counts))},
    )


def judge_changes(
    connection: psycopg.Connection, integration: Integration, capture_id: int
) -> tuple[str, ...]:
    """Stops comparing what changes by itself, as a capture that changed something shows.

    Returns:
        What is not compared from now on, as sentences.
    """
    known = known_attributes(connection, integration.id)
    said = mapping_of(integration.settings, known)
    rows = fetch_all(
        connection,
        "attributes/judge_changes",
        {
            "integration_id": integration.id,
            "record_type": COMPUTER,
            "collection": "computers",
            "capture_id": capture_id,
            "judged": [each for each, options in said.items() if options.compare == "auto"],
            "changed_share": _BUSY_SHARE,
            "fewest": _BUSY_AT_LEAST,
            "captures_in_a_row": _BUSY_CAPTURES,
        },
    )
    return tuple(
        f"The extension attribute {row['name']!r} (id {row['definition_id']}) changed on {row['changed_devices']:,} "
        f"devices, and on too many in the captures before: it is not compared any more."
        for row in rows
        if row["is_not_compared"]
    )


def count_unreadable(
    connection: psycopg.Connection, integration: Integration, capture_id: int
) -> tuple[str, ...]:
    """Counts on how many computers of a staged capture a value is not of its type; such a value keeps its text.

    Returns:
        What has not been told of before, as sentences.
    """
    rows = fetch_all(
        connection,
        "attributes/count_unreadable",
        {"integration_id": integration.id, "record_type": COMPUTER, "capture_id": capture_id},
    )
    return tuple(
        f"On {row['devices']:,} devices the value of the extension attribute {row['name']!r} (id "
        f"{row['definition_id']}) is no {row['field_type']}; it is taken over as the text it is. Correct it in JAMF, "
        "or map it as text."
        for row in rows
        if row["is_new"]
    )
