"""What happens to the mobile devices of a fleet between two syncs; part of `evolution`."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from moss_jamf_pipeline.simulator.changes import Change
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.mobile_devices import (
    MOBILE_ODDITIES,
    assign,
    plain_mobile_device,
)
from moss_jamf_pipeline.simulator.records import MobileDevice

NEWEST_VERSION = ("26.2", "23C55")
"""Of every operating system of mobile devices, and its build."""


@dataclass(frozen=True, slots=True)
class MobilePicks:
    """The ordinary mobile devices that will change, none of them in two places."""

    wipes: list[MobileDevice]
    reassignments: list[MobileDevice]
    updates: list[MobileDevice]


def ordinary(fleet: Fleet) -> list[MobileDevice]:
    """The mobile devices that are managed and have no oddity."""
    odd = {identifier for name, _ in MOBILE_ODDITIES for identifier in fleet.oddities.get(name, ())}
    return [
        device
        for device in fleet.mobile_devices.values()
        if device.id not in odd and device.managed
    ]


def wipe(fleet: Fleet, devices: Iterable[MobileDevice]) -> list[Change]:
    """Removes records."""
    changes = []
    for device in devices:
        fleet.remove_mobile_device(device.id)
        changes.append(Change(id=device.id, before=_identity_of(device)))
    return changes


def reassign(
    fleet: Fleet, devices: Iterable[MobileDevice], randomness: random.Random
) -> list[Change]:
    """Gives devices to other people."""
    changes = []
    for device in devices:
        before = {"username": device.username}
        others = [user for user in fleet.users.values() if user.username != device.username]
        assign(device, randomness.choice(others) if others else None)
        changes.append(Change(id=device.id, before=before, after={"username": device.username}))
    return changes


def update(devices: Iterable[MobileDevice]) -> list[Change]:
    """Updates operating systems to the newest version."""
    changes = []
    for device in devices:
        before = {"os_version": device.os_version}
        device.os_version, device.os_build = NEWEST_VERSION
        changes.append(Change(id=device.id, before=before, after={"os_version": device.os_version}))
    return changes


def enrol(fleet: Fleet, count: int, randomness: random.Random) -> list[Change]:
    """Adds devices, assigned to people of the fleet."""
    users = list(fleet.users.values())
    changes = []
    for _ in range(count):
        device = plain_mobile_device(
            fleet.next_id("mobile device"), randomness, fleet.now_milliseconds
        )
        if users and device.device_type != "tvOS":
            assign(device, randomness.choice(users))
        fleet.store_mobile_device(device)
        changes.append(Change(id=device.id, after=_identity_of(device)))
    return changes


def check_in(fleet: Fleet) -> int:
    """Managed devices are in contact: contact and inventory times move, nothing else. Yields how many."""
    managed = [device for device in fleet.mobile_devices.values() if device.managed]
    for device in managed:
        device.last_contact = device.last_inventory_update = fleet.now_milliseconds
    return len(managed)


def _identity_of(device: MobileDevice) -> dict[str, object]:
    return {
        "id": device.id,
        "serial_number": device.serial_number,
        "udid": device.udid,
        "name": device.name,
        "username": device.username,
    }
