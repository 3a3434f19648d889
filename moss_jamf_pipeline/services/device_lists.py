"""Lists of devices that operators ask for: without a person and why, unenrolled, in conflict, changed. Only looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.outcomes import MatchOutcome
from moss_jamf_pipeline.catalogue.rules import rule_meaning
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_pages
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices are wanted; what is left out does not narrow them down.

    Attributes:
        without_person: only those to whom M.O.S.S. assigns nobody.
        unenrolled: only those that are gone from JAMF.
        in_conflict: only those about which a conflict is open.
        changed_since: only those that a sync changed since then.
    """

    without_person: bool = False
    unenrolled: bool = False
    in_conflict: bool = False
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A device that is linked to JAMF.

    Attributes:
        object_id: M.O.S.S.'s id.
        hostname: its host name.
        serial_number: its serial number.
        external_id: JAMF's id of it.
        is_enrolled: whether JAMF has it.
        unenrolled_at: when it was marked unenrolled, as far as that is kept.
        person: to whom M.O.S.S. assigns it.
        named_user: whom JAMF names.
        conflicts: how many are open about it.
        kinds: of which kinds.
        changed_at: when a sync last changed it, since the time that was asked for.
        action: what a sync did to it then, e.g. `update`.
        changed_fields: what of it was changed then.
        plan_id: by which plan.
        why: why it has no person, or why it is unenrolled, as sentences; None: neither is so.
    """

    object_id: UUID
    hostname: str | None
    serial_number: str | None
    external_id: str | None
    is_enrolled: bool
    unenrolled_at: datetime | None
    person: str | None
    named_user: str | None
    conflicts: int
    kinds: tuple[str, ...]
    changed_at: datetime | None
    action: str | None
    changed_fields: tuple[str, ...]
    plan_id: int | None
    why: str | None


_EVERYTHING: Final = DeviceFilter()
_FIRST_PAGE: Final = PageRequest()


def list_devices(
    workplace: Workplace,
    choice: IntegrationChoice,
    wanted: DeviceFilter = _EVERYTHING,
    page: PageRequest = _FIRST_PAGE,
) -> Page[ListedDevice]:
    """The linked devices that are meant: the latest changed first, if that is asked for, else by name."""
    with workplace.reading(choice) as (connection, integration):

        def fetch(piece: PageRequest) -> list[Row]:
            rows = fetch_all(
                connection,
                "stories/listed_devices",
                _parameters(integration, wanted, piece.limit, piece.offset),
            )
            return _with_unenrolments(connection, integration, rows)

        return page_of(fetch, page, _listed)


@contextmanager
def exported(
    workplace: Workplace, choice: IntegrationChoice, wanted: DeviceFilter = _EVERYTHING
) -> Iterator[Iterator[ListedDevice]]:
    """All devices that are meant, as they are read: in the memory of a page."""
    with workplace.reading(choice) as (connection, integration):
        parameters = _parameters(integration, wanted, None, 0)
        yield (
            _listed(row)
            for rows in fetch_pages(connection, "stories/listed_devices", parameters)
            for row in _with_unenrolments(connection, integration, rows)
        )


def _parameters(
    integration: Integration, wanted: DeviceFilter, limit: int | None, offset: int
) -> dict[str, Any]:
    return {
        "integration_id": integration.id,
        "without_person": wanted.without_person,
        "unenrolled": wanted.unenrolled,
        "in_conflict": wanted.in_conflict,
        "changed_since": wanted.changed_since,
        "username_domains": list(integration.settings.stripped_domains),
        "ignored_usernames": list(integration.settings.nobody),
        "row_limit": limit,
        "row_offset": offset,
    }


def _with_unenrolments(
    connection: psycopg.Connection, integration: Integration, rows: list[Row]
) -> list[Row]:
    """Rows with when their devices were marked unenrolled, and why."""
    gone = [row["object_id"] for row in rows if _is_gone(row)]
    known = {
        row["object_id"]: row
        for row in (
            fetch_all(
                connection,
                "stories/unenrolments",
                {"integration_id": integration.id, "ids": gone},
            )
            if gone
            else []
        )
    }
    return [{**row, "unenrolment": known.get(row["object_id"])} for row in rows]


def _listed(row: Row) -> ListedDevice:
    unenrolment = row["unenrolment"]
    return record(
        ListedDevice,
        row,
        external_id=str(row["external_id"]).partition(" (former link ")[0],
        is_enrolled=not _is_gone(row),
        unenrolled_at=unenrolment["applied_at"] if unenrolment else None,
        changed_fields=tuple(sorted(row["fields"])),
        kinds=tuple(row["kinds"]),
        why=" ".join(filter(None, (_why_gone(row), _why_nobody(row)))) or None,
    )


def _is_gone(row: Row) -> bool:
    return bool(row["sync_status"] == "deleted_external" or row["is_former"])


def _why_gone(row: Row) -> str | None:
    if not _is_gone(row):
        return None
    return rule_meaning(row["unenrolment"]["reason"] if row["unenrolment"] else "absent_from_jamf")


def _why_nobody(row: Row) -> str | None:
    """Why a device has no person."""
    if row["person"] is not None or (_is_gone(row) and not row["is_matched"]):
        return None
    if not row["is_matched"]:
        return "JAMF's record of it is not used, so nobody is known to be its user."
    named = row["named_user"]
    if named is None:
        return "JAMF names nobody."
    if row["is_system_account"]:
        why = "an account of the system: that is nobody."
    elif row["named_person_id"] is not None:
        why = "who is not assigned: the story of the device says why."
    elif row["person_outcome"] is None:
        why = "whom M.O.S.S. does not know."
    else:
        return f"JAMF names {named}. {MatchOutcome(row['person_outcome']).meaning}"
    return f"JAMF names {named}, {why}"
