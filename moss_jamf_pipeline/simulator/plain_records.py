"""Single plain records: a Mac with its own hardware, a person, and the values they are made of.

Knows no fleet. Filling one is `generation`, changing one is `evolution`.
"""

import random
import unicodedata
import uuid
from collections.abc import Callable
from itertools import accumulate

from moss_jamf_pipeline.simulator.catalogue import (
    FIRST_NAMES,
    LAST_NAMES,
    MODELS,
    OPERATING_SYSTEM_RELEASES,
    POSITIONS,
    MacModel,
)
from moss_jamf_pipeline.simulator.records import Computer, User

HOUR = 3_600_000
DAY = 24 * HOUR

_SERIAL_ALPHABET = "0123456789CDFGHJKLMNPQRTVWXY"
_MODEL_WEIGHTS = tuple(accumulate(model.weight for model in MODELS))
_RELEASE_WEIGHTS = tuple(accumulate(release.weight for release in OPERATING_SYSTEM_RELEASES))
_NEWEST_INTEL_RELEASES = tuple(
    release for release in OPERATING_SYSTEM_RELEASES if not release.version.startswith("26")
)
_SHARE_WITH_PHONE = 0.6
_SHARE_AUTOMATED_ENROLLMENT = 0.9
_SHARE_WITHOUT_FILE_VAULT = 0.04


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


def _ascii(name: str) -> str:
    """A name as it appears in a username: lower-case ASCII letters only."""
    transliterated = name.translate(str.maketrans("łŁøØı", "lLoOi"))
    decomposed = unicodedata.normalize("NFKD", transliterated).lower()
    return "".join(letter for letter in decomposed if "a" <= letter <= "z")
