"""Which record of JAMF's an object of M.O.S.S. is, the other way round, and where JAMF's own pages show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.collections import jamf_id_in
from moss_jamf_pipeline.moss.errors import IntegrationMissing
from moss_jamf_pipeline.moss.integration.deep_links import LinkedKind
from moss_jamf_pipeline.moss.integration.integrations import Integration, find_integration
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

ObjectKind = Literal["device", "person", "group"]
"""What of M.O.S.S. can be a record of JAMF's, and has a page there."""

_RECORD_TYPES: Final[Mapping[ObjectKind, tuple[str, ...]]] = {
    "device": ("computer", "mobile_device"),
    "person": ("user",),
    "group": ("computer_group",),
}
_GONE: Final = frozenset({"deleted_external", "deleted_internal"})


@dataclass(frozen=True, slots=True)
class DeepLink:
    """A link between an object of M.O.S.S. and a record of JAMF's.

    Attributes:
        integration: the name of the JAMF server's integration.
        object_type: `device`, `person` or `group`.
        object_id: M.O.S.S.'s.
        record_type: what JAMF calls it: `computer`, `user`, `computer_user` (somebody whom computers name, and of whom
            there is no record), `computer_group`, …
        jamf_id: JAMF's.
        is_smart: of a group, whether JAMF decides by rules who is in it; null: not known, or no group.
        is_gone: JAMF or M.O.S.S. no longer has it.
        href: JAMF's page of it; null: it has none.
        last_synced_at: when the sync last looked at it.
    """

    integration: str
    object_type: str
    object_id: UUID
    record_type: str
    jamf_id: str
    is_smart: bool | None
    is_gone: bool
    href: str | None
    last_synced_at: datetime | None


@dataclass(frozen=True, slots=True)
class Links:
    """Where an integration's links lead.

    Attributes:
        integration: its name.
        server: the address of JAMF Pro; null: none is configured.
        templates: of addresses, by what they show.
        found: the links of the object or record that was asked for; empty: it has none, or none was asked for.
    """

    integration: str
    server: str | None
    templates: Mapping[str, str]
    found: tuple[DeepLink, ...]


def links(
    workplace: Workplace,
    choice: IntegrationChoice,
    object_type: ObjectKind | None = None,
    object_id: str | None = None,
) -> Links:
    """The templates in force, and the link of an object.

    Args:
        workplace: where.
        choice: which integration.
        object_type: of the object; with `object_id`.
        object_id: M.O.S.S.'s id of it, or JAMF's; None: only the templates.
    """
    with workplace.reading(choice) as (connection, integration):
        found = (
            [find_link(connection, workplace.settings, integration, object_type, object_id)]
            if object_type is not None and object_id
            else []
        )
    templates = integration.settings.deep_links
    return Links(
        integration.name,
        server_of(workplace.settings, integration),
        {kind: getattr(templates, kind) for kind in get_args(LinkedKind)},
        tuple(link for link in found if link is not None),
    )


def link_of_object(
    connection: psycopg.Connection, settings: Settings, object_type: ObjectKind, object_id: UUID
) -> tuple[DeepLink, Integration] | None:
    """The link of an object of M.O.S.S., whichever JAMF server it is linked to; of several, the one that leads it.

    Args:
        connection: under the reading role.
        settings: the environment.
        object_type: what it is.
        object_id: M.O.S.S.'s.

    Returns:
        The link and its integration; None: no JAMF server has it.
    """
    known = integrations_here(settings, connection)
    rows = _links_of(connection, object_type, object_id, [each.id for each in known])
    if not rows:
        return None
    found = next(each for each in known if each.id == rows[0]["integration_id"])
    return _deep_link(settings, found, rows[0]), found


def find_link(
    connection: psycopg.Connection,
    settings: Settings,
    integration: Integration,
    object_type: ObjectKind,
    either_id: str,
) -> DeepLink | None:
    """The link of an object within an integration.

    Args:
        connection: under the reading role.
        settings: the environment.
        integration: which.
        object_type: what it is.
        either_id: M.O.S.S.'s id, or JAMF's.
    """
    object_id = as_object_id(either_id)
    if object_id is not None:
        rows = _links_of(connection, object_type, object_id, [integration.id])
        if rows:
            return _deep_link(settings, integration, rows[0])
    for record_type in _RECORD_TYPES[object_type]:
        row = fetch_one(
            connection,
            "companion/links_of_record",
            {
                "integration_id": integration.id,
                "external_type": record_type,
                "external_id": either_id,
            },
        )
        if row is not None:
            return _deep_link(settings, integration, row)
    return None


def integrations_here(settings: Settings, connection: psycopg.Connection) -> Sequence[Integration]:
    """The integrations that the environment names, as M.O.S.S. has them now. One that it lacks is left out.

    Raises:
        IntegrationMissing: it has none of them.
    """
    found, missing = [], None
    for choice in settings.integrations:
        try:
            found.append(find_integration(connection, choice))
        except IntegrationMissing as error:
            missing = error
    if not found and missing is not None:
        raise missing
    return found


def server_of(settings: Settings, integration: Integration) -> str | None:
    """Where people open an integration's JAMF Pro, as it may be shown; of several, the environment names none.

    The gateway has no pages: behind it, somebody has to have said where they are.
    """
    given = settings.jamf_server if len(settings.integrations) == 1 else None
    return (given or integration.route.pages or "").rstrip("/") or None


def as_object_id(text: str) -> UUID | None:
    """An id of M.O.S.S.'s; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _links_of(
    connection: psycopg.Connection,
    object_type: ObjectKind,
    object_id: UUID,
    integration_ids: Sequence[UUID],
) -> list[Row]:
    return fetch_all(
        connection,
        "companion/links_of_object",
        {
            "integration_ids": list(integration_ids),
            "object_type": object_type,
            "object_id": object_id,
        },
    )


def address_of(
    settings: Settings,
    integration: Integration,
    record_type: str,
    jamf_id: str,
    *,
    is_smart: bool | None = None,
) -> str | None:
    """Where JAMF's own pages show a record; None: nowhere, or nobody knows the server.

    Args:
        settings: the environment.
        integration: whose record.
        record_type: what JAMF calls it.
        jamf_id: its id.
        is_smart: of a group.
    """
    kind = _kind(record_type, is_smart=is_smart)
    server = server_of(settings, integration)
    if kind is None or server is None:
        return None
    return integration.settings.deep_links.address(kind, jamf_id_in(jamf_id), server)


def _deep_link(settings: Settings, integration: Integration, row: Row) -> DeepLink:
    is_gone = row["sync_status"] in _GONE
    href = (
        None
        if is_gone
        else address_of(
            settings,
            integration,
            row["external_type"],
            row["external_id"],
            is_smart=row["is_smart"],
        )
    )
    return DeepLink(
        integration=integration.name,
        object_type=row["object_type"],
        object_id=row["object_id"],
        record_type=row["external_type"],
        jamf_id=row["external_id"],
        is_smart=row["is_smart"],
        is_gone=is_gone,
        href=href,
        last_synced_at=row["last_synced_at"],
    )


def _kind(record_type: str, *, is_smart: bool | None) -> LinkedKind | None:
    match record_type:
        case "computer":
            return "device"
        case "user":
            return "person"
        case "mobile_device":
            return "mobile_device"
        case "computer_group" if is_smart is not None:
            return "smart_group" if is_smart else "static_group"
        case _:
            return None
