"""What of JAMF belongs to a person or a group of M.O.S.S., for the pages that show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from moss_jamf_pipeline.moss.capture.captures import newest_captures
from moss_jamf_pipeline.moss.integration.history import recent_history
from moss_jamf_pipeline.moss.statements import fetch_all
from moss_jamf_pipeline.moss.text import unescaped
from moss_jamf_pipeline.services.links import DeepLink, integrations_here, link_of_object
from moss_jamf_pipeline.services.workplace import Workplace

_SHOWN: Final = 50
"""Of devices and of groups; the number says how many there are."""


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object of M.O.S.S.

    Attributes:
        object_id: its id.
        name: what it is called.
    """

    object_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class PersonInJamf:
    """What JAMF has of a person.

    Attributes:
        link: to JAMF's user; null: JAMF has none, and only computers name the person.
        devices: theirs that are linked to JAMF, the first ones.
        device_count: how many there are.
        groups: of JAMF's, in which they are or their devices, the first ones.
        group_count: how many there are.
    """

    link: DeepLink | None
    devices: tuple[NamedObject, ...]
    device_count: int
    groups: tuple[NamedObject, ...]
    group_count: int


@dataclass(frozen=True, slots=True)
class GroupInJamf:
    """What JAMF has of a group.

    Attributes:
        link: to JAMF's group.
        last_synced_at: when the sync last looked at it.
    """

    link: DeepLink
    last_synced_at: datetime | None


@dataclass(frozen=True, slots=True)
class IntegrationHere:
    """An integration as M.O.S.S.'s own pages name it.

    Attributes:
        integration_id: of its row.
        name: its name.
        is_enabled: whether it may be synced.
        last_status: of its newest run; null: none ran yet.
        last_run_at: when that ended or, if it has not, began.
    """

    integration_id: UUID
    name: str
    is_enabled: bool
    last_status: str | None
    last_run_at: datetime | None


def person(workplace: Workplace, person_id: UUID) -> PersonInJamf | None:
    """What JAMF has of a person.

    Returns:
        None if JAMF has nothing of them.
    """
    with workplace.looking() as connection:
        found = link_of_object(connection, workplace.settings, "person", person_id)
        known = [each.id for each in integrations_here(workplace.settings, connection)]
        parameters = {"integration_ids": known, "person_id": person_id, "row_limit": _SHOWN}
        devices = fetch_all(connection, "companion/devices_of_person", parameters)
        groups = fetch_all(connection, "companion/groups_of_person", parameters)
    link = found[0] if found is not None and not found[0].is_gone else None
    if link is None and not devices:
        return None
    return PersonInJamf(
        link,
        tuple(
            NamedObject(row["device_id"], unescaped(row["name"] or row["model"] or "—"))
            for row in devices
        ),
        devices[0]["total"] if devices else 0,
        tuple(NamedObject(row["group_id"], unescaped(row["name"] or "—")) for row in groups),
        groups[0]["total"] if groups else 0,
    )


def group(workplace: Workplace, group_id: UUID) -> GroupInJamf | None:
    """What JAMF has of a group.

    Returns:
        None if it is none of JAMF's, or JAMF no longer has it.
    """
    with workplace.looking() as connection:
        found = link_of_object(connection, workplace.settings, "group", group_id)
        if found is None or found[0].is_gone:
            return None
        link, integration = found
        # A link's own time is renewed once a day; every run that reads the groups looks at each of them.
        captured = newest_captures(connection, integration.id).get("groups")
    times = (link.last_synced_at, captured.captured_at if captured is not None else None)
    return GroupInJamf(link, max((each for each in times if each is not None), default=None))


def integrations(workplace: Workplace) -> tuple[IntegrationHere, ...]:
    """The integrations that the environment names."""
    with workplace.looking() as connection:
        found = []
        for each in integrations_here(workplace.settings, connection):
            rows = recent_history(connection, each.id, limit=1)
            row = rows[0] if rows else None
            found.append(
                IntegrationHere(
                    each.id,
                    each.name,
                    each.is_enabled,
                    row["status"] if row else None,
                    (row["sync_completed_at"] or row["sync_started_at"]) if row else None,
                )
            )
    return tuple(found)
