"""The oddities of real JAMF data, planted into a clean fleet at small fixed rates.

Each oddity is one function here and strikes its own computers or users, so that a test can tell them apart:
`fleet.oddities["duplicate_serial"]` names the records that got it. The rates are of the order of magnitude that
administrators report; a fleet of 100 computers or more has each oddity at least once.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from moss_jamf_pipeline.simulator.catalogue import seeded_random
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.records import Computer, User

R = TypeVar("R")

PLACEHOLDER_SERIALS: tuple[str | None, ...] = ("", None, "Not Available", "  ", "N/A")
"""What JAMF shows for a serial it does not know; dealt out in turn."""

DONGLE_MAC_ADDRESS = "00:E0:4C:68:00:1A"
"""The MAC address of a USB adapter that is handed around, so that several Macs report it."""

DELETED_PLACE_ID = "9041"
"""The id of a building and of a department that computers still name."""

_FEWEST_FOR_ONE_OF_EACH = 100
_TOO_LONG = 400
_QUARTER_OF_A_YEAR = 90 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class _Strike:
    """One computer that is to become odd.

    Attributes:
        computer: the computer.
        number: how many got the same oddity before it.
        original: an ordinary computer that oddities may refer to, and that stays ordinary.
    """

    computer: Computer
    number: int
    original: Computer


def _has_no_user_or_location(strike: _Strike) -> None:
    computer = strike.computer
    computer.username = computer.realname = computer.email = computer.position = computer.phone = (
        None
    )
    computer.department_id = computer.building_id = computer.room = None


def _is_a_re_enrolment_twin(strike: _Strike) -> None:
    """Turns a record into the stale first enrolment of the original's hardware: same serial, same UDID."""
    twin, original = strike.computer, strike.original
    twin.serial_number, twin.udid = original.serial_number, original.udid
    twin.mac_address, twin.alt_mac_address = original.mac_address, original.alt_mac_address
    twin.model = original.model
    twin.managed = twin.supervised = False
    # Last seen long before the original: the live record is the original, whichever way one looks at it.
    twin.last_contact = (original.last_contact or 0) - _QUARTER_OF_A_YEAR
    twin.last_check_in = twin.report_date = twin.last_contact


def _has_a_placeholder_serial(strike: _Strike) -> None:
    strike.computer.serial_number = PLACEHOLDER_SERIALS[strike.number % len(PLACEHOLDER_SERIALS)]


def _has_a_curly_name(strike: _Strike) -> None:
    computer = strike.computer
    first_name = (computer.realname or "Someone").partition(" ")[0]
    computer.name = f"{first_name}’s {computer.model.family} ({computer.id})"


def _reports_the_dongle(strike: _Strike) -> None:
    strike.computer.alt_mac_address = DONGLE_MAC_ADDRESS
    strike.computer.alt_network_adapter_type = "Ethernet"


def _has_lower_case_mac_addresses(strike: _Strike) -> None:
    strike.computer.mac_address = (strike.computer.mac_address or "").lower()
    strike.computer.alt_mac_address = (strike.computer.alt_mac_address or "").lower()


def _has_no_mac_address(strike: _Strike) -> None:
    strike.computer.mac_address = "" if strike.number % 2 else None


def _has_an_over_long_text(strike: _Strike) -> None:
    if strike.number % 2:
        strike.computer.room = "Behind the second door " + "x" * _TOO_LONG
    else:
        strike.computer.name = f"{strike.computer.name}-" + "x" * _TOO_LONG


def _has_a_nul_in_its_name(strike: _Strike) -> None:
    strike.computer.name = f"{strike.computer.name}\u0000"


def _is_in_a_deleted_building(strike: _Strike) -> None:
    strike.computer.building_id = DELETED_PLACE_ID


def _is_of_a_deleted_department(strike: _Strike) -> None:
    strike.computer.department_id = DELETED_PLACE_ID


def _names_its_user_in_other_case(strike: _Strike) -> None:
    strike.computer.username = (strike.computer.username or "").title() or None


def _names_its_user_by_e_mail(strike: _Strike) -> None:
    strike.computer.username = strike.computer.email


def _names_an_unknown_user(strike: _Strike) -> None:
    computer = strike.computer
    computer.username = f"left.company{computer.id}"
    computer.realname = f"Left Company {computer.id}"
    computer.email = f"{computer.username}@example.org"
    computer.position = computer.phone = None


def _is_unmanaged(strike: _Strike) -> None:
    strike.computer.managed = strike.computer.supervised = False


def _shares_its_hostname(strike: _Strike) -> None:
    strike.computer.name = strike.original.name


def _is_personally_owned(strike: _Strike) -> None:
    strike.computer.apple_enrollment_type = "user"
    strike.computer.supervised = strike.computer.automated_enrollment = False
    strike.computer.asset_tag = None


def _never_submitted_inventory(strike: _Strike) -> None:
    strike.computer.report_date = strike.computer.last_check_in = None


def _has_no_e_mail(user: User, _: User) -> None:
    user.email = ""


def _shares_an_e_mail(user: User, original: User) -> None:
    user.email = original.email


def _has_an_upper_case_e_mail(user: User, _: User) -> None:
    user.email = user.email.upper()


COMPUTER_ODDITIES: tuple[tuple[str, float, Callable[[_Strike], None]], ...] = (
    ("no_user_or_location", 0.04, _has_no_user_or_location),
    ("duplicate_serial", 0.002, _is_a_re_enrolment_twin),
    ("placeholder_serial", 0.0015, _has_a_placeholder_serial),
    ("curly_name", 0.05, _has_a_curly_name),
    ("dongle_mac_address", 0.01, _reports_the_dongle),
    ("lower_case_mac_address", 0.03, _has_lower_case_mac_addresses),
    ("no_mac_address", 0.002, _has_no_mac_address),
    ("over_long_text", 0.0005, _has_an_over_long_text),
    ("nul_in_name", 0.0002, _has_a_nul_in_its_name),
    ("deleted_building", 0.003, _is_in_a_deleted_building),
    ("deleted_department", 0.003, _is_of_a_deleted_department),
    ("username_in_other_case", 0.02, _names_its_user_in_other_case),
    ("username_is_e_mail", 0.01, _names_its_user_by_e_mail),
    ("unknown_user", 0.01, _names_an_unknown_user),
    ("unmanaged", 0.03, _is_unmanaged),
    ("shared_hostname", 0.002, _shares_its_hostname),
    ("personally_owned", 0.005, _is_personally_owned),
    ("no_report_date", 0.003, _never_submitted_inventory),
)
"""Name, share of all computers and what it does, for every oddity of a computer."""

USER_ODDITIES: tuple[tuple[str, float, Callable[[User, User], None]], ...] = (
    ("user_without_e_mail", 0.01, _has_no_e_mail),
    ("user_with_shared_e_mail", 0.001, _shares_an_e_mail),
    ("user_with_upper_case_e_mail", 0.01, _has_an_upper_case_e_mail),
)
"""The same for users; the second user of each call is an ordinary one."""


def plant_oddities(fleet: Fleet, rate: float) -> None:
    """Makes a clean fleet as odd as a real one and notes in `fleet.oddities` which records are odd, and how.

    Args:
        fleet: the fleet to change.
        rate: multiplies the usual rates.
    """
    randomness = seeded_random(fleet.seed, "oddities")
    computers = _Deck(list(fleet.computers.values()), randomness)
    for name, share, apply_to_computer in COMPUTER_ODDITIES:
        for number in range(computers.portion(share * rate)):
            computer, original = computers.deal()
            fleet.oddities.setdefault(name, []).append(computer.id)
            apply_to_computer(_Strike(computer, number, original))
    users = _Deck(list(fleet.users.values()), randomness)
    for name, share, apply_to_user in USER_ODDITIES:
        for _ in range(users.portion(share * rate)):
            user, ordinary_user = users.deal()
            fleet.oddities.setdefault(name, []).append(user.id)
            apply_to_user(user, ordinary_user)


class _Deck(Generic[R]):
    """Shuffled records, dealt out so that no record is dealt twice."""

    def __init__(self, records: list[R], randomness: random.Random) -> None:
        randomness.shuffle(records)
        self._records = deque(records)
        self._total = len(records)

    def portion(self, share: float) -> int:
        """How many records a share of all comes to, and are still there to be dealt in pairs."""
        fewest = 1 if self._total >= _FEWEST_FOR_ONE_OF_EACH else 0
        return min(max(fewest, round(share * self._total)), len(self._records) // 2)

    def deal(self) -> tuple[R, R]:
        """A record to make odd, and one from the other end of the deck that stays as it is."""
        return self._records.pop(), self._records.popleft()
