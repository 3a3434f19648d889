"""Fills a fleet from its seed: clean first, then as odd as real data is (`oddities`).

The same arguments always make the same fleet. Everything here runs once, so it is written for 100,000 computers in
a few seconds: values that no one compares are derived from a computer's salt when they are rendered, not stored.
"""

import math
import random
from dataclasses import dataclass
from datetime import datetime

from moss_jamf_pipeline.simulator.catalogue import (
    BUILDINGS,
    DEPARTMENTS,
    MODELS,
    NO_SITE_ID,
    OPERATING_SYSTEM_RELEASES,
    STATIC_GROUP_THEMES,
    seeded_random,
)
from moss_jamf_pipeline.simulator.fleet import DEFAULT_NOW, Fleet
from moss_jamf_pipeline.simulator.mobile_devices import add_mobile_devices
from moss_jamf_pipeline.simulator.oddities import plant_oddities
from moss_jamf_pipeline.simulator.plain_records import (
    assign_user,
    new_user,
    plain_computer,
    serial_number,
)
from moss_jamf_pipeline.simulator.records import Computer, Group, SmartCriterion

_COMPUTERS_PER_BUILDING = 400
_COMPUTERS_PER_DEPARTMENT = 300
_FEWEST_PLACES = 4
_SHARE_WITH_SITE = 0.1
_SHARE_WITH_ROOM = 0.9
_STATIC_MEMBERSHIPS_PER_COMPUTER = 1.5
_SHARE_OF_SMART_GROUPS = 0.4


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What computers refer to, as lists that can be drawn from."""

    building_ids: list[str]
    department_ids: list[str]
    site_ids: list[str]
    static_group_ids: list[str]


def generate_fleet(
    computers: int,
    *,
    users: int | None = None,
    groups: int = 50,
    seed: int = 1,
    oddities: float = True,
    now: datetime = DEFAULT_NOW,
    mobile_devices: int = 0,
) -> Fleet:
    """Makes a fleet; the same arguments make the same fleet on every machine.

    Args:
        computers: how many computer records.
        users: how many user records; by default four for every five computers.
        groups: how many computer groups, smart ones first.
        seed: names the fleet.
        oddities: how often data is as odd as real data is; 1 (or True) is the usual rate, 0 (or False)
            gives a clean fleet: unique serials, every reference resolvable, every Mac assigned and managed.
        now: the fleet's present.
        mobile_devices: how many mobile device records; the rest of the fleet is the same with or without them.

    Returns:
        The fleet.
    """
    fleet = Fleet(seed=seed, now=now)
    _populate(
        fleet,
        computers=computers,
        users=math.ceil(computers * 0.8) if users is None else users,
        groups=groups,
        oddities=float(oddities),
    )
    add_mobile_devices(fleet, mobile_devices, oddities=float(oddities))
    return fleet


def _populate(fleet: Fleet, *, computers: int, users: int, groups: int, oddities: float) -> None:
    """Fills an empty fleet.

    Args:
        fleet: the fleet; its seed and present are used.
        computers: how many computer records.
        users: how many user records.
        groups: how many computer groups.
        oddities: rate of oddities relative to the usual one; 0 for none.
    """
    _add_places(fleet, computers)
    _add_users(fleet, users)
    static_group_ids = _add_groups(fleet, groups)
    surroundings = _Surroundings(
        building_ids=list(fleet.buildings),
        department_ids=list(fleet.departments),
        site_ids=list(fleet.sites),
        static_group_ids=static_group_ids,
    )
    _add_computers(fleet, computers, surroundings)
    if oddities > 0:
        plant_oddities(fleet, oddities)


def _add_places(fleet: Fleet, computers: int) -> None:
    fleet.add_default_sites()
    for number in range(max(_FEWEST_PLACES, computers // _COMPUTERS_PER_BUILDING)):
        name, city, country = BUILDINGS[number % len(BUILDINGS)]
        storey = number // len(BUILDINGS)
        fleet.add_building(
            f"{name} {storey + 1}" if storey else name, city=city or None, country=country or None
        )
    for number in range(max(_FEWEST_PLACES, computers // _COMPUTERS_PER_DEPARTMENT)):
        name, division = DEPARTMENTS[number % len(DEPARTMENTS)], number // len(DEPARTMENTS)
        fleet.add_department(f"{name} {division + 1}" if division else name)


def _add_users(fleet: Fleet, count: int) -> None:
    randomness = seeded_random(fleet.seed, "users")
    taken: set[str] = set()
    for _ in range(count):
        user = new_user(fleet.next_id("user"), randomness, taken.__contains__)
        taken.add(user.username)
        fleet.store_user(user)


def _add_groups(fleet: Fleet, count: int) -> list[str]:
    """Adds smart groups as far as there are criteria and room, and fills up with static ones."""
    criteria = _smart_criteria(fleet)
    smart_count = min(len(criteria), max(1, round(count * _SHARE_OF_SMART_GROUPS))) if count else 0
    for name, criterion in criteria[:smart_count]:
        fleet.store_group(Group(fleet.next_id("group"), name, is_smart=True, criterion=criterion))
    static_group_ids = []
    for number in range(count - smart_count):
        theme, ring = (
            STATIC_GROUP_THEMES[number % len(STATIC_GROUP_THEMES)],
            number // len(STATIC_GROUP_THEMES),
        )
        group = fleet.add_group(
            f"{theme} {ring + 1}" if ring else theme,
            description="" if number % 3 else "Kept by the service desk",
        )
        static_group_ids.append(group.id)
    return static_group_ids


def _smart_criteria(fleet: Fleet) -> list[tuple[str, SmartCriterion]]:
    criteria = [
        ("All Managed Clients", SmartCriterion("Managed", "is", "Managed", "managed", True)),
        (
            "FileVault off",
            SmartCriterion("FileVault 2 Status", "is", "Off", "file_vault_enabled", False),
        ),
        ("Intel Macs", SmartCriterion("Apple Silicon", "is", "No", "apple_silicon", False)),
        ("Unassigned Macs", SmartCriterion("Username", "is", "", "assigned", False)),
    ]
    families = sorted({model.family for model in MODELS})
    criteria += [
        (f"All {family}s", SmartCriterion("Model", "like", family, "family", family))
        for family in families
    ]
    majors = sorted({release.version.partition(".")[0] for release in OPERATING_SYSTEM_RELEASES})
    criteria += [
        (
            f"macOS {major}",
            SmartCriterion("Operating System Version", "like", f"{major}.", "major_version", major),
        )
        for major in majors
    ]
    criteria += [
        (f"In {place.name}", SmartCriterion("Building", "is", place.name, "building_id", place.id))
        for place in fleet.buildings.values()
    ]
    criteria += [
        (
            f"Macs of {unit.name}",
            SmartCriterion("Department", "is", unit.name, "department_id", unit.id),
        )
        for unit in fleet.departments.values()
    ]
    criteria += [
        (
            f"macOS {release.version}",
            SmartCriterion(
                "Operating System Version", "is", release.version, "version", release.version
            ),
        )
        for release in OPERATING_SYSTEM_RELEASES
        if release.version.partition(".")[0] != release.version
    ]
    return criteria


def _add_computers(fleet: Fleet, count: int, surroundings: _Surroundings) -> None:
    randomness = seeded_random(fleet.seed, "computers")
    # A tenth of the people have no Mac, so that users without a device exist in every fleet.
    users = list(fleet.users.values())
    owners = users[: max(1, len(users) * 9 // 10)] if users else []
    serial_numbers: set[str] = set()
    now = fleet.now_milliseconds
    for number in range(count):
        computer = plain_computer(fleet.next_id("computer"), randomness, now)
        while computer.serial_number in serial_numbers:
            computer.serial_number = serial_number(randomness)
        serial_numbers.add(str(computer.serial_number))
        if owners:
            assign_user(computer, owners[number % len(owners)])
        _place(computer, randomness, surroundings)
        fleet.store_computer(computer)


def _place(computer: Computer, randomness: random.Random, surroundings: _Surroundings) -> None:
    computer.asset_tag = f"AT-{int(computer.id):06d}"
    computer.building_id = randomness.choice(surroundings.building_ids)
    computer.department_id = randomness.choice(surroundings.department_ids)
    draw = randomness.random()
    computer.room = (
        f"{int(draw * 9) + 1}.{int(draw * 900) % 100:02d}" if draw < _SHARE_WITH_ROOM else None
    )
    computer.site_id = (
        randomness.choice(surroundings.site_ids)
        if randomness.random() < _SHARE_WITH_SITE
        else NO_SITE_ID
    )
    computer.assigned_group_ids = _static_groups(randomness, surroundings.static_group_ids)


def _static_groups(randomness: random.Random, group_ids: list[str]) -> tuple[str, ...]:
    """Draws a computer's static groups: one or two, low numbers oftener, so that groups differ in size."""
    if not group_ids:
        return ()
    draws = 1 + (randomness.random() < _STATIC_MEMBERSHIPS_PER_COMPUTER - 1)
    positions = {int(randomness.random() ** 2 * len(group_ids)) for _ in range(draws)}
    return tuple(group_ids[position] for position in sorted(positions))
