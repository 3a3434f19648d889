"""What becomes of identities in real life.

Ids are handed out anew, other hardware stands behind a record, names and mailboxes go to somebody else, clocks are
wrong. Each function changes a fleet and says what it changed; which records are struck is `evolution`'s business.
"""

import random
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from moss_jamf_pipeline.simulator import plain_records
from moss_jamf_pipeline.simulator.catalogue import MODELS
from moss_jamf_pipeline.simulator.changes import Change, identity_of
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.records import Building, Computer, Group, User

A_FUTURE: Final = datetime(5251, 12, 17, 21, 33, 23, tzinfo=UTC)
"""The contact time of a Mac whose clock was wrong, as JAMF servers have been seen to report it."""


def renumber(
    fleet: Fleet, computers: Sequence[Computer], randomness: random.Random
) -> list[Change]:
    """Hands the ids of some computers out anew among them, as a server that was rebuilt does.

    Everything else of a computer stays with its hardware, but for the management id: it enrols anew.

    Args:
        fleet: the fleet.
        computers: two at least, or none; each gets the id of the one before it.
        randomness: where management ids are drawn from.
    """
    before = [identity_of(computer) for computer in computers]
    for computer in computers:
        fleet.remove_computer(computer.id)
    ids = [str(identity["id"]) for identity in before]
    for computer, new_id in zip(computers, [*ids[-1:], *ids[:-1]], strict=True):
        computer.id = new_id
        computer.management_id = str(uuid.UUID(int=randomness.getrandbits(128)))
        _enrol_now(fleet, computer)
        fleet.store_computer(computer)
    return [
        Change(id=computer.id, before=was, after=identity_of(computer))
        for computer, was in zip(computers, before, strict=True)
    ]


def renumber_groups(fleet: Fleet, groups: Sequence[Group]) -> list[Change]:
    """Hands the ids of some computer groups out anew among them; names, kinds and members stay.

    Args:
        fleet: the fleet.
        groups: two at least, or none; each gets the id of the one before it.
    """
    turned = _turned(groups)
    before = [_named(group) for group in groups]
    for group in groups:
        fleet.remove_group(group.id)
    for group in groups:
        group.id = turned[group.id]
        fleet.store_group(group)
    for computer in fleet.computers.values():
        assigned = tuple(turned.get(group_id, group_id) for group_id in computer.assigned_group_ids)
        if assigned != computer.assigned_group_ids:
            computer.assigned_group_ids = assigned
    return [
        Change(id=group.id, before=was, after=_named(group))
        for group, was in zip(groups, before, strict=True)
    ]


def renumber_buildings(fleet: Fleet, buildings: Sequence[Building]) -> list[Change]:
    """Hands the ids of some buildings out anew among them; computers stay in theirs.

    Args:
        fleet: the fleet.
        buildings: two at least, or none; each gets the id of the one before it.
    """
    turned = _turned(buildings)
    before = [_named(building) for building in buildings]
    for building in buildings:
        fleet.remove_building(building.id)
    for building in buildings:
        building.id = turned[building.id]
        fleet.store_building(building)
    for computer in fleet.computers.values():
        if computer.building_id in turned:
            computer.building_id = turned[computer.building_id]
    return [
        Change(id=building.id, before=was, after=_named(building))
        for building, was in zip(buildings, before, strict=True)
    ]


def replace_hardware(
    computer: Computer, randomness: random.Random, is_taken: Callable[[str], bool]
) -> Change:
    """Puts another machine behind a record: another serial number, model and interfaces; ids, name and user stay.

    Args:
        computer: whose hardware is replaced.
        randomness: where the new hardware is drawn from.
        is_taken: whether a serial number is in use.
    """
    before = _hardware_of(computer)
    serial_number = plain_records.serial_number(randomness)
    while is_taken(serial_number):
        serial_number = plain_records.serial_number(randomness)
    computer.serial_number = serial_number
    computer.model = randomness.choice([model for model in MODELS if model != computer.model])
    computer.mac_address = plain_records.mac_address(randomness)
    computer.alt_mac_address = plain_records.mac_address(randomness)
    return Change(id=computer.id, before=before, after=_hardware_of(computer))


def hand_username_on(
    fleet: Fleet, leaver: User, computers: Iterable[Computer], randomness: random.Random
) -> Change:
    """Somebody leaves, and a new person gets the user name: another record, another name and address.

    Args:
        fleet: the fleet.
        leaver: whose record goes.
        computers: those that name the leaver; they show the new person, whom JAMF finds by the user name.
        randomness: where the new person is drawn from.
    """
    owned = list(computers)
    fleet.remove_user(leaver.id)
    newcomer = plain_records.new_user(
        fleet.next_id("user"), randomness, lambda username: username == leaver.username
    )
    newcomer.email = f"{newcomer.username}.{newcomer.id}@example.org"
    newcomer.username = leaver.username
    fleet.store_user(newcomer)
    for computer in owned:
        plain_records.assign_user(computer, newcomer)
    return Change(
        id=newcomer.id,
        before=_person(leaver),
        after={**_person(newcomer), "computer_ids": [computer.id for computer in owned]},
    )


def share_mailbox(user: User, owner: User, computers: Iterable[Computer]) -> Change:
    """A user is given the e-mail address of another one, such as a help desk's.

    Args:
        user: whose address changes.
        owner: whose address it is and stays.
        computers: those that name the user; they show the address too.
    """
    owned = list(computers)
    before: dict[str, object] = {"email": user.email}
    user.email = owner.email
    for computer in owned:
        computer.email = owner.email
    after: dict[str, object] = {
        "email": user.email,
        "shared_with": owner.id,
        "computer_ids": [computer.id for computer in owned],
    }
    return Change(id=user.id, before=before, after=after)


def contact_from_the_future(computer: Computer) -> Change:
    """A Mac whose clock is wrong checks in: JAMF has its contact in a far future."""
    before: dict[str, object] = {"last_contact": computer.last_contact}
    computer.last_contact = computer.last_check_in = int(A_FUTURE.timestamp() * 1000)
    return Change(id=computer.id, before=before, after={"last_contact": computer.last_contact})


def _enrol_now(fleet: Fleet, computer: Computer) -> None:
    now = fleet.now_milliseconds
    computer.last_enrolled_date = now
    computer.report_date = computer.last_check_in = computer.last_contact = now


def _turned(records: Sequence[Group] | Sequence[Building]) -> dict[str, str]:
    """Each id to that of the record before it."""
    ids = [record.id for record in records]
    return dict(zip(ids, [*ids[-1:], *ids[:-1]], strict=True))


def _named(record: Group | Building) -> dict[str, object]:
    return {"id": record.id, "name": record.name}


def _hardware_of(computer: Computer) -> dict[str, object]:
    return {**identity_of(computer), "model": computer.model.name}


def _person(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "username": user.username,
        "realname": user.realname,
        "email": user.email,
    }
