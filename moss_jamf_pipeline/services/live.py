"""How a computer is now, as JAMF says; and where JAMF does not say, what the newest capture holds and why.

Nothing of it is stored. Of a personally-owned computer nothing is told but that it is one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.collections import ID_PREFIXES
from moss_jamf_pipeline.engine.access import ConfigurationMissing, JamfAccess, jamf_access
from moss_jamf_pipeline.jamf import ComputerNow, JamfError, JamfNotFound, Section
from moss_jamf_pipeline.jamf.documents import parse_moment
from moss_jamf_pipeline.moss.errors import MossError
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one
from moss_jamf_pipeline.services.explanations import ProblemFound, explanation_of
from moss_jamf_pipeline.services.jamf_now import SECONDS_TOWARDS_JAMF, AnswerNow, JamfNow
from moss_jamf_pipeline.services.links import (
    DeepLink,
    address_of,
    find_link,
    link_of_object,
    server_of,
)
from moss_jamf_pipeline.services.live_facts import (
    Application,
    Contact,
    Enrolment,
    Machine,
    Membership,
    Profile,
    Security,
    application_of,
    by_name,
    contact_between,
    contact_of,
    enrolment_of,
    machine_of,
    operating_system,
    profile_of,
    security_of,
)
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, SettingsContradictory

Source = Literal["live", "capture", "nothing"]
"""Where what is told comes from: JAMF just now, the newest capture, or neither knows anything."""

_SECTIONS: Final = tuple(Section)


@dataclass(frozen=True, slots=True)
class Told:
    """What every answer about a computer says of itself.

    Attributes:
        integration: the name of the JAMF server's integration.
        device_id: M.O.S.S.'s device; null: JAMF's computer is linked to none.
        jamf_id: JAMF's id of the computer.
        name: of the computer; null: not known, or not told.
        href: JAMF's page of it; null: none, or JAMF no longer has it.
        source: where what follows comes from.
        as_of: when it was so; null: nobody knows.
        why_not_live: why it is not JAMF's own answer of now, as a sentence; empty: it is, or it was not waited for.
        remedy: what can be done about that; may be empty.
        is_pending: JAMF's answer is on its way: asked for again in a moment, it will be there.
        is_personal: it is personally owned, so that nothing else is told.
        is_gone: JAMF no longer has it.
    """

    integration: str
    device_id: UUID | None
    jamf_id: str
    name: str | None
    href: str | None
    source: Source
    as_of: datetime | None
    why_not_live: str
    remedy: str
    is_pending: bool
    is_personal: bool
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Lacking:
    """A section of JAMF's that is not told.

    Attributes:
        section: as JAMF names it.
        why: as a sentence; it names the privilege if one is missing.
    """

    section: str
    why: str


@dataclass(frozen=True, slots=True)
class LiveDevice:
    """How a computer is. A part that is null is not known; `lacking` says why.

    Attributes:
        told: what the answer says of itself.
        contact: when JAMF heard of it.
        enrolment: how it is managed.
        security: how it is protected.
        machine: what it is.
        profiles: how many configuration profiles it has.
        applications: how many applications.
        groups: the groups it is in, by name; from a capture only the static ones.
        lacking: what JAMF does not tell, and why.
    """

    told: Told
    contact: Contact | None = None
    enrolment: Enrolment | None = None
    security: Security | None = None
    machine: Machine | None = None
    profiles: int | None = None
    applications: int | None = None
    groups: tuple[Membership, ...] | None = None
    lacking: tuple[Lacking, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveApplications:
    """The applications of a computer.

    Attributes:
        told: what the answer says of itself.
        items: by name; null: they are not known, as no capture holds them.
        lacking: why not, if JAMF answered all the same.
    """

    told: Told
    items: tuple[Application, ...] | None
    lacking: tuple[Lacking, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveProfiles:
    """The configuration profiles of a computer; attributes as of `LiveApplications`."""

    told: Told
    items: tuple[Profile, ...] | None
    lacking: tuple[Lacking, ...] = ()


@dataclass(frozen=True, slots=True)
class Patience:
    """How an answer is wanted.

    Attributes:
        wait_seconds: how long to wait for JAMF.
        is_fresh: what JAMF said a moment ago is too old.
    """

    wait_seconds: float = SECONDS_TOWARDS_JAMF + 0.5
    is_fresh: bool = False


_UNTIL_IT_ANSWERS: Final = Patience()


class DeviceUnknown(ProblemFound):
    """No computer of JAMF's is known by an id."""


def device(
    workplace: Workplace,
    jamf: JamfNow,
    choice: IntegrationChoice,
    either_id: str,
    patience: Patience = _UNTIL_IT_ANSWERS,
) -> LiveDevice:
    """How a computer is now; of a mobile device, how the newest capture has it.

    Args:
        workplace: where.
        jamf: asks JAMF.
        choice: which integration.
        either_id: M.O.S.S.'s id of the device, or JAMF's of the computer or mobile device.
        patience: how it is wanted.

    Raises:
        DeviceUnknown: no computer is known by that id.
    """
    with workplace.reading(choice) as (connection, integration):
        known = _known(workplace, jamf, connection, integration, either_id)
    return _device(workplace, jamf, known, patience)


def device_of_moss(
    workplace: Workplace, jamf: JamfNow, object_id: UUID, patience: Patience = _UNTIL_IT_ANSWERS
) -> LiveDevice | None:
    """How a device of M.O.S.S. is, whichever JAMF server has it.

    Args:
        workplace: where.
        jamf: asks JAMF.
        object_id: M.O.S.S.'s id of the device.
        patience: how it is wanted.

    Returns:
        None if it is no computer or mobile device of JAMF's.
    """
    with workplace.looking() as connection:
        found = link_of_object(connection, workplace.settings, "device", object_id)
        if found is None or found[0].record_type not in _RECORD_TYPES:
            return None
        known = _known_by_link(workplace, jamf, connection, found[1], found[0])
    return _device(workplace, jamf, known, patience)


def _device(workplace: Workplace, jamf: JamfNow, known: "_Known", patience: Patience) -> LiveDevice:
    found = _ask(jamf, known, _SECTIONS, patience)
    if found.computer is None or not found.computer.sections:
        return _of_capture(workplace, known, found)
    return _of_computer(workplace, known, found, found.computer)


def applications(
    workplace: Workplace,
    jamf: JamfNow,
    choice: IntegrationChoice,
    either_id: str,
    patience: Patience = _UNTIL_IT_ANSWERS,
) -> LiveApplications:
    """The applications of a computer; arguments and errors as of `device`."""
    wanted = (Section.GENERAL, Section.APPLICATIONS)
    with workplace.reading(choice) as (connection, integration):
        known = _known(workplace, jamf, connection, integration, either_id)
    found = _ask(jamf, known, wanted, patience)
    given = _section(found.computer, Section.APPLICATIONS)
    items = None if given is None else tuple(sorted(map(application_of, given), key=by_name))
    return LiveApplications(found.told, items, _lacking(found.computer, wanted))


def profiles(
    workplace: Workplace,
    jamf: JamfNow,
    choice: IntegrationChoice,
    either_id: str,
    patience: Patience = _UNTIL_IT_ANSWERS,
) -> LiveProfiles:
    """The configuration profiles of a computer; arguments and errors as of `device`."""
    wanted = (Section.GENERAL, Section.CONFIGURATION_PROFILES)
    with workplace.reading(choice) as (connection, integration):
        known = _known(workplace, jamf, connection, integration, either_id)
    found = _ask(jamf, known, wanted, patience)
    given = _section(found.computer, Section.CONFIGURATION_PROFILES)
    items = None if given is None else tuple(sorted(map(profile_of, given), key=by_name))
    return LiveProfiles(found.told, items, _lacking(found.computer, wanted))


_RECORD_TYPES: Final = frozenset({"computer", "mobile_device"})

# -- finding and asking ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a computer without asking JAMF.

    Attributes:
        link: the device's; None: it has none.
        jamf_id: JAMF's.
        href: JAMF's page.
        integration: whose computer it is.
        captured: of the newest capture.
        access: how JAMF is asked; None: it cannot be.
        why_not: why not, and what to do.
    """

    link: DeepLink | None
    jamf_id: str
    href: str | None
    integration: Integration
    captured: Row | None
    access: JamfAccess | None
    why_not: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class _Found:
    told: Told
    computer: ComputerNow | None
    captured: Row | None


def _ask(jamf: JamfNow, known: _Known, wanted: Collection[Section], patience: Patience) -> _Found:
    settled = _settled(known)
    if settled is not None:
        return settled
    if known.access is None:
        return _fallen_back(known, *known.why_not)
    try:
        answer = jamf.computer(
            known.access,
            known.jamf_id,
            wanted,
            wait_seconds=patience.wait_seconds,
            is_fresh=patience.is_fresh,
        )
    except JamfError as error:  # no client can be made of what is configured
        return _fallen_back(known, *_in_words(error))
    if answer is None:
        return _fallen_back(known, is_pending=True)
    if answer.computer is None:
        return _without_answer(known, answer)
    return _answered(known, answer.computer, answer.at)


def _settled(known: _Known) -> _Found | None:
    """What is told without asking JAMF; None: it is asked."""
    if known.captured and known.captured["document"].get("personallyOwned"):
        # What JAMF knows of it is not ours to see.
        return _Found(_told(known, "capture", is_personal=True), None, None)
    if known.link is not None and known.link.is_gone:
        return _Found(_told(known, "nothing", is_gone=True), None, None)
    if _is_mobile(known.jamf_id):
        return _fallen_back(known, "Of mobile devices the newest capture is shown.")
    return None


def _without_answer(known: _Known, answer: AnswerNow) -> _Found:
    if not isinstance(answer.error, JamfNotFound):
        return _fallen_back(known, *_in_words(answer.error))
    why = ("JAMF Pro has no such computer any more.", "The next sync notes it.")
    return _Found(_told(known, "live", at=answer.at, is_gone=True, why=why), None, None)


def _answered(known: _Known, computer: ComputerNow, at: datetime) -> _Found:
    if computer.is_personal:
        return _Found(_told(known, "live", at=at, is_personal=True), None, None)
    general = computer.sections.get(Section.GENERAL)
    if general is None:
        why = computer.lacking.get(Section.GENERAL, "JAMF Pro did not tell.")
        return replace(_fallen_back(known, why), computer=computer)
    return _Found(_told(known, "live", at=at, name=general["name"]), computer, known.captured)


def _known(
    workplace: Workplace,
    jamf: JamfNow,
    connection: psycopg.Connection,
    integration: Integration,
    either_id: str,
) -> _Known:
    link = find_link(connection, workplace.settings, integration, "device", either_id)
    if link is not None and link.record_type in _RECORD_TYPES:
        return _known_by_link(workplace, jamf, connection, integration, link)
    captured = _captured(connection, integration, either_id)
    if captured is None:
        raise DeviceUnknown(
            f"{integration.name} has no computer by the id {either_id[:100]!r}, as JAMF's id or as that of a device of "
            "M.O.S.S.",
            "A device is linked by the first sync that finds its serial number in JAMF.",
        )
    record_type = "mobile_device" if _is_mobile(either_id) else "computer"
    href = address_of(workplace.settings, integration, record_type, either_id)
    access, why_not = _access(workplace, jamf, connection, integration)
    return _Known(None, either_id, href, integration, captured, access, why_not)


def _known_by_link(
    workplace: Workplace,
    jamf: JamfNow,
    connection: psycopg.Connection,
    integration: Integration,
    link: DeepLink,
) -> _Known:
    captured = _captured(connection, integration, link.jamf_id)
    access, why_not = _access(workplace, jamf, connection, integration)
    return _Known(link, link.jamf_id, link.href, integration, captured, access, why_not)


def _captured(connection: psycopg.Connection, integration: Integration, jamf_id: str) -> Row | None:
    """What the newest capture holds of a computer; None: nothing, or it is out of scope."""
    row = fetch_one(
        connection,
        "companion/captured_computer",
        {"integration_id": integration.id, "jamf_id": jamf_id},
    )
    if row is None or row["document"].get("outOfScope"):
        return None
    if _is_mobile(jamf_id) and not row["document"].get("personallyOwned"):
        row["document"] = _as_of_a_computer(row["document"], row["operating_system"])
    return row


def _is_mobile(jamf_id: str) -> bool:
    return jamf_id.startswith(ID_PREFIXES)


def _as_of_a_computer(document: Row, operating_system: str | None) -> Row:
    """A mobile device's document in the form of a computer's, as far as that is shown."""
    general = document.get("general") or {}
    return {
        **document,
        "general": {
            **general,
            "name": general.get("displayName"),
            "remoteManagement": {"managed": general.get("managed")},
        },
        "operatingSystem": {
            "name": operating_system,
            "version": general.get("osVersion"),
            "build": general.get("osBuild"),
        },
    }


def _access(
    workplace: Workplace,
    jamf: JamfNow,
    connection: psycopg.Connection,
    integration: Integration,
) -> tuple[JamfAccess | None, tuple[str, str]]:
    """How JAMF is asked; or None, and why it cannot be."""
    try:
        found = jamf.access(
            integration.id, lambda: jamf_access(workplace.settings, integration, connection)
        )
    except (ConfigurationMissing, SettingsContradictory, MossError, JamfError) as error:
        return None, _in_words(error)
    return found, ("", "")


def _in_words(error: Exception | None) -> tuple[str, str]:
    explanation = explanation_of(error) if error is not None else None
    return ("", "") if explanation is None else (explanation.message, explanation.remedy)


def _fallen_back(
    known: _Known, why: str = "", remedy: str = "", *, is_pending: bool = False
) -> _Found:
    captured = known.captured
    told = _told(
        known,
        "nothing" if captured is None else "capture",
        at=None if captured is None else captured["captured_at"],
        name=None if captured is None else _text(captured["document"], "general", "name"),
        why=(why, remedy),
        is_pending=is_pending,
    )
    return _Found(told, None, captured)


def _told(
    known: _Known,
    source: Source,
    *,
    at: datetime | None = None,
    name: str | None = None,
    why: tuple[str, str] = ("", ""),
    is_pending: bool = False,
    is_personal: bool = False,
    is_gone: bool = False,
) -> Told:
    return Told(
        integration=known.integration.name,
        device_id=known.link.object_id if known.link is not None else None,
        jamf_id=known.jamf_id,
        name=name,
        href=None if is_gone else known.href,
        source=source,
        as_of=at,
        why_not_live=why[0],
        remedy=why[1],
        is_pending=is_pending,
        is_personal=is_personal,
        is_gone=is_gone,
    )


def _lacking(
    computer: ComputerNow | None, wanted: Collection[Section] = _SECTIONS
) -> tuple[Lacking, ...]:
    if computer is None:
        return ()
    return tuple(
        Lacking(section.value, why)
        for section, why in sorted(computer.lacking.items())
        if section in wanted
    )


def _section(computer: ComputerNow | None, section: Section) -> Any:
    return None if computer is None else computer.sections.get(section)


# -- what JAMF says --------------------------------------------------------------------------------


def _of_computer(
    workplace: Workplace, known: _Known, found: _Found, computer: ComputerNow
) -> LiveDevice:
    general = computer.sections[Section.GENERAL]
    profiles_now = _section(computer, Section.CONFIGURATION_PROFILES)
    applications_now = _section(computer, Section.APPLICATIONS)
    memberships = _section(computer, Section.GROUP_MEMBERSHIPS)
    groups = None
    if memberships is not None:
        named = [
            (each["groupId"], each["groupName"] or "", bool(each["smartGroup"]))
            for each in memberships
            if each["groupId"]
        ]
        groups = _memberships(workplace, known.integration, named)
    return LiveDevice(
        found.told,
        contact_of(general, found.told.as_of),
        enrolment_of(general),
        security_of(computer),
        machine_of(computer),
        None if profiles_now is None else len(profiles_now),
        None if applications_now is None else len(applications_now),
        groups,
        _lacking(computer),
    )


def _memberships(
    workplace: Workplace, integration: Integration, named: Sequence[tuple[str, str, bool]]
) -> tuple[Membership, ...]:
    if not named:
        return ()
    with workplace.looking() as connection:
        rows = fetch_all(
            connection,
            "companion/linked_objects",
            {
                "integration_id": integration.id,
                "external_type": "computer_group",
                "external_ids": [group_id for group_id, _, _ in named],
            },
        )
    known = {row["external_id"]: row["object_id"] for row in rows}
    server = server_of(workplace.settings, integration)
    deep_links = integration.settings.deep_links
    return tuple(
        Membership(
            group_id,
            name,
            is_smart,
            known.get(group_id),
            None
            if server is None
            else deep_links.address(
                "smart_group" if is_smart else "static_group", group_id, server
            ),
        )
        for group_id, name, is_smart in sorted(named, key=lambda each: each[1].casefold())
    )


# -- what the capture holds ------------------------------------------------------------------------


def _of_capture(workplace: Workplace, known: _Known, found: _Found) -> LiveDevice:
    """What a capture holds: protections, profiles, applications and smart groups are not of it."""
    captured, lacking = found.captured, _lacking(found.computer)
    if captured is None:
        return LiveDevice(found.told, lacking=lacking)
    document = captured["document"]
    general = document.get("general") or {}
    hardware = document.get("hardware") or {}
    system = document.get("operatingSystem") or {}
    return LiveDevice(
        found.told,
        contact_between(None, captured["last_contact_at"], captured["reported_at"]),
        Enrolment(
            is_managed=(general.get("remoteManagement") or {}).get("managed"),
            enrolled_at=parse_moment(general.get("lastEnrolledDate")),
            method=None,
            profile=None,
            is_automated=None,
            profile_expires_at=None,
            is_supervised=general.get("supervised"),
            is_user_approved=None,
        ),
        machine=Machine(
            model=hardware.get("model"),
            serial_number=hardware.get("serialNumber"),
            operating_system=operating_system(
                system.get("name"), system.get("version"), system.get("build")
            ),
            has_battery=hardware.get("hasBattery"),
            battery_percent=None,
            battery_health=None,
            disk_megabytes=None,
            disk_available_megabytes=None,
        ),
        groups=_memberships(
            workplace,
            known.integration,
            [(each["id"], each["name"] or each["id"], False) for each in captured["static_groups"]],
        ),
        lacking=lacking,
    )


def _text(document: Mapping[str, Any], section: str, key: str) -> str | None:
    value = (document.get(section) or {}).get(key)
    return value if isinstance(value, str) else None
