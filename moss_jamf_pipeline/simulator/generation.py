"""Fills a fleet from its seed: clean first, then as odd as real data is (`oddities`).

The same arguments always make the same fleet. Everything here runs once, so it is written for 100,000 computers in
a few seconds: values that no one compares are derived from a computer's salt when they are rendered, not stored.
"""

import random
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from moss_jamf_pipeline.simulator.catalogue import (
    BUILDINGS,
    DEPARTMENTS,
    FIRST_NAMES,
    LAST_NAMES,
    MODELS,
    NO_SITE_ID,
    OPERATING_SYSTEM_RELEASES,
    POSITIONS,
    STATIC_GROUP_THEMES,
    MacModel,
    seeded_random,
)
from moss_jamf_pipeline.simulator.oddities import plant_oddities
from moss_jamf_pipeline.simulator.records import Computer, Group, SmartCriterion, User

if TYPE_CHECKING:
    from moss_jamf_pipeline.simulator.fleet import Fleet

HOUR = 3_600_000
DAY = 24 * HOUR

_SERIAL_ALPHABET = "0123456789CDFGHJKLMNPQRTVWXY"
_MODEL_WEIGHTS = tuple(accumulate(model.weight for model in MODELS))
_RELEASE_WEIGHTS = tuple(accumulate(release.weight for release in OPERATING_SYSTEM_RELEASES))
_NEWEST_INTEL_RELEASES = tuple(
    release for release in OPERATING_SYSTEM_RELEASES if not release.version.startswith("26")
)
_COMPUTERS_PER_BUILDING = 400
_COMPUTERS_PER_DEPARTMENT = 300
_FEWEST_PLACES = 4
_SHARE_WITH_SITE = 0.1
_SHARE_WITH_ROOM = 0.9
_SHARE_WITH_PHONE = 0.6
_SHARE_AUTOMATED_ENROLLMENT = 0.9
_SHARE_WITHOUT_FILE_VAULT = 0.04
_STATIC_MEMBERSHIPS_PER_COMPUTER = 1.5
_SHARE_OF_SMART_GROUPS = 0.4


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What computers refer to, as lists that can be drawn from."""

    building_ids: list[str]
    department_ids: list[str]
    site_ids: list[str]
    static_group_ids: list[str]


def populate(fleet: "Fleet", *, computers: int, users: int, groups: int, oddities: float) -> None:
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


def plain_computer(computer_id: str, randomness: random.Random, now: int) -> Computer:
    """A managed, unassigned computer with its own hardware.

    Args:
        computer_id: its id.
        randomness: where its hardware and times are drawn from.
        now: the fleet's present in UTC milliseconds.

    Returns:
        The computer, in no fleet yet. Serial numbers are random, not checked for being unique.
    """
    model = randomness.choices(MODELS, cum_weights=_MODEL_WEIGHTS)[0]
    release = randomness.choices(OPERATING_SYSTEM_RELEASES, cum_weights=_RELEASE_WEIGHTS)[0]
    if not model.apple_silicon and release.version.startswith("26"):
        release = _NEWEST_INTEL_RELEASES[-1]
    enrolled = now - int(randomness.random() * 1200 * DAY) - DAY
    last_contact = now - int(randomness.random() ** 3 * 3 * DAY)
    wireless, wired = mac_address(randomness), mac_address(randomness)
    adapters = ("IEEE80211", "Ethernet") if model.is_laptop else ("Ethernet", "IEEE80211")
    automated = randomness.random() < _SHARE_AUTOMATED_ENROLLMENT
    return Computer(
        id=computer_id,
        name=f"{hostname_prefix(model)}-{computer_id}",
        udid=str(uuid.UUID(int=randomness.getrandbits(128))).upper(),
        management_id=str(uuid.UUID(int=randomness.getrandbits(128))),
        serial_number=serial_number(randomness),
        supervised=automated,
        automated_enrollment=automated,
        apple_enrollment_type="supervised" if automated else "device",
        file_vault_enabled=randomness.random() >= _SHARE_WITHOUT_FILE_VAULT,
        model=model,
        operating_system_version=release.version,
        operating_system_build=release.build,
        mac_address=wireless,
        network_adapter_type=adapters[0],
        alt_mac_address=wired,
        alt_network_adapter_type=adapters[1],
        report_date=last_contact - int(randomness.random() * DAY),
        last_check_in=last_contact - int(randomness.random() * HOUR),
        last_contact=last_contact,
        last_enrolled_date=enrolled,
        initial_entry_date=enrolled,
        salt=randomness.getrandbits(48),
    )


def serial_number(randomness: random.Random) -> str:
    """A ten-character serial number as Apple has used them since 2021."""
    return "".join(randomness.choices(_SERIAL_ALPHABET, k=10))


def mac_address(randomness: random.Random) -> str:
    """An upper-case, globally administered unicast MAC address."""
    octets = (randomness.getrandbits(48) & ~(3 << 40)).to_bytes(6, "big")
    return octets.hex(":").upper()


def hostname_prefix(model: MacModel) -> str:
    """How this fleet's naming scheme begins the names of a model (`MBA`, `MBP`, `IMAC`, ...)."""
    initials = {"MacBook Air": "MBA", "MacBook Pro": "MBP", "iMac": "IMAC", "Mac mini": "MINI"}
    return initials.get(model.family, "MAC")


def assign_user(computer: Computer, user: User | None) -> None:
    """Writes a user's details into a computer's location, as JAMF does on assignment. None unassigns."""
    computer.username = None if user is None else user.username
    computer.realname = None if user is None else user.realname or None
    computer.email = None if user is None else user.email or None
    computer.position = None if user is None else user.position
    computer.phone = None if user is None else user.phone


def new_user(user_id: str, randomness: random.Random, is_taken: Callable[[str], bool]) -> User:
    """A user with a plausible name.

    Args:
        user_id: its id; makes the username unique when the name is taken.
        randomness: where the name is drawn from.
        is_taken: whether a username is in use.

    Returns:
        The user, in no fleet yet.
    """
    first, last = randomness.choice(FIRST_NAMES), randomness.choice(LAST_NAMES)
    username = f"{_ascii(first)}.{_ascii(last)}"
    if is_taken(username):
        username = f"{username}{user_id}"
    has_phone = randomness.random() < _SHARE_WITH_PHONE
    return User(
        id=user_id,
        username=username,
        realname=f"{first} {last}",
        email=f"{username}@example.org",
        phone=f"+1 555 {randomness.randrange(10**7):07d}" if has_phone else None,
        position=randomness.choice(POSITIONS),
        cost_centre=str(randomness.randrange(1000, 9999)),
    )


def _add_places(fleet: "Fleet", computers: int) -> None:
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


def _add_users(fleet: "Fleet", count: int) -> None:
    randomness = seeded_random(fleet.seed, "users")
    taken: set[str] = set()
    for _ in range(count):
        user = new_user(fleet.next_id("user"), randomness, taken.__contains__)
        taken.add(user.username)
        fleet.store_user(user)


def _add_groups(fleet: "Fleet", count: int) -> list[str]:
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


def _smart_criteria(fleet: "Fleet") -> list[tuple[str, SmartCriterion]]:
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


def _add_computers(fleet: "Fleet", count: int, surroundings: _Surroundings) -> None:
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


def _ascii(name: str) -> str:
    """A name as it appears in a username: lower-case ASCII letters only."""
    transliterated = name.translate(str.maketrans("łŁøØı", "lLoOi"))
    decomposed = unicodedata.normalize("NFKD", transliterated).lower()
    return "".join(letter for letter in decomposed if "a" <= letter <= "z")
