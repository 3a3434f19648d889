"""A fleet with hard cases of who is who, each labelled with what is right by the generator that made it.

A world in two acts. In the first, JAMF and M.O.S.S. are filled and synced; every device and person is marked then with
the machine or human being it is, in a field that M.O.S.S. owns. In the second, what happens to identities in real life
happens to some of them. The labels come from knowing the machines and people, not from any rule: which device or person
a record is after the second sync is read off the marks (`labelled_verdicts`).

Each hard case is one method; its name is the kind under which it is counted.
"""

import copy
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from moss_jamf_pipeline.simulator import Computer, Fleet, User, identity_changes, plain_records
from moss_jamf_pipeline.simulator.catalogue import MODELS, seeded_random
from tests.support.dialects import Dialect
from tests.support.world import World

NEW: Final = "new"
"""A device or person that was not there before."""

QUEUE: Final = "in the queue"
"""Nothing is written; a conflict names the record."""

NOBODY: Final = "nobody"
"""Neither linked nor made."""

_ORDINARY: Final = "ordinary"
_USERS_PER_COMPUTER: Final = 0.8
_DAY: Final = plain_records.DAY
_SYSTEM_ACCOUNTS: Final = ("root", "_mbsetupuser", "loginwindow")
_PLACEHOLDERS: Final = ("SYS-1234567890", "12345678", "NNNNNNN", "Serial Number xxxxxx", "EVAL")


def device_mark(key: str) -> str:
    """What the notes of the device of a machine say; `key` is its first serial number."""
    return f"device of {key}"


def person_mark(key: str) -> str:
    """What the notes of a human being's record say; `key` is the first user name."""
    return f"person {key}"


class Label(NamedTuple):
    """What is right of one record.

    Attributes:
        kind: which hard case it belongs to, or `ordinary`.
        right: a mark, `NEW`, `QUEUE` or `NOBODY`.
    """

    kind: str
    right: str


class Row(NamedTuple):
    """A row that a person enters in M.O.S.S."""

    table: str
    values: dict[str, Any]


@dataclass
class LabelledFleet:
    """The generator, and what it knows.

    Attributes:
        size: how many Macs JAMF has in the first act.
        seed: names the fleet.
        dialect: of the M.O.S.S. that is filled.
        share: the part of the Macs that are hard cases, spread evenly over the kinds.
        fleet: JAMF.
        computers: each computer record, in its last state, with the label of its device.
        owners: the same records, with the label of the person the device is assigned to.
        users: each user record, with the label of its person.
        flagged: computers of which a conflict has to be open.
        unenrolled: marks of devices whose machine is gone.
        serial_numbers: marks to the serial number that the device has in the end, where it is another one than before.
    """

    size: int
    seed: int
    dialect: Dialect
    share: float = 0.02
    fleet: Fleet = field(default_factory=Fleet)
    computers: list[tuple[Computer, Label]] = field(default_factory=list)
    owners: list[tuple[Computer, Label]] = field(default_factory=list)
    users: list[tuple[User, Label]] = field(default_factory=list)
    flagged: list[Computer] = field(default_factory=list)
    unenrolled: set[str] = field(default_factory=set)
    serial_numbers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = seeded_random("labelled", self.seed)
        self._serials: set[str] = set()
        self._usernames: set[str] = set()
        self._rows: list[Row] = []
        self._second_act: list[Callable[[], None]] = []
        self._statements: list[tuple[str, list[Any]]] = []
        kinds = self.kinds()
        each = max(2, round(self.share * self.size / len(kinds)))
        for kind in kinds:
            for _ in range(each):
                kinds[kind](kind)
        while len(self.fleet.computers) < self.size:
            self._ordinary()

    def kinds(self) -> dict[str, Callable[[str], None]]:
        """The hard cases by name."""
        return {
            name.removeprefix("case_").replace("_", " "): getattr(self, name)
            for name in dir(self)
            if name.startswith("case_")
        }

    # -- the two acts ----------------------------------------------------------------------------

    def furnish(self, world: World) -> None:
        """Enters in M.O.S.S. what people had there before the first sync."""
        self._enter(world, self._rows)

    def mark(self, world: World) -> None:
        """Marks every device and person that there is after the first sync, but those that are marked already."""
        for table, words in (
            ("devices", "'device of ' || serial_number"),
            ("people", "'person ' || username"),
        ):
            world.execute(
                f"update {table} set notes = {words}"
                " where notes is null or notes not like 'device of %' and notes not like 'person %'"
            )

    def happen(self, world: World) -> None:
        """The second act: what happens in JAMF, and what people do in M.O.S.S. meanwhile."""
        self._rows = []
        for happens in self._second_act:
            happens()
        with world.people.connection() as connection:
            for statement, parameters in self._statements:
                connection.execute(statement.encode(), parameters)
        self._enter(world, self._rows)

    @staticmethod
    def _enter(world: World, rows: Iterable[Row]) -> None:
        with world.people.connection() as connection:
            for table, values in rows:
                names, places = ", ".join(values), ", ".join(["%s"] * len(values))
                connection.execute(
                    f"insert into {table} ({names}) values ({places})".encode(),
                    list(values.values()),
                )

    # -- computers: a link holds while evidence agrees with it -------------------------------------

    def case_management_id_is_another(self, kind: str) -> None:
        """One piece of evidence changes, the others agree."""
        machine = self._mac(kind)

        def act() -> None:
            machine.management_id = self._uuid()

        self._second_act.append(act)

    def case_board_is_swapped_in_place(self, kind: str) -> None:
        machine = self._mac(kind)

        def act() -> None:
            machine.udid = self._uuid().upper()

        self._second_act.append(act)

    def case_serial_number_is_corrected(self, kind: str) -> None:
        machine = self._mac(kind)
        mark, corrected = self._mark_of(machine), self._serial()

        def act() -> None:
            machine.serial_number = corrected

        self._second_act.append(act)
        self.flagged.append(machine)
        self.serial_numbers[mark] = corrected

    def case_serial_number_is_corrected_to_a_taken_one(self, kind: str) -> None:
        machine, taken = self._mac(kind), self._serial()
        self._by_hand(taken)

        def act() -> None:
            machine.serial_number = taken

        self._second_act.append(act)
        self.flagged.append(machine)

    def case_hardware_is_replaced(self, kind: str) -> None:
        machine = self._mac(kind, right=NEW)
        self.unenrolled.add(self._mark_of(machine))

        def act() -> None:
            machine.serial_number = self._serial()
            machine.model = next(model for model in MODELS if model.name != machine.model.name)

        self._second_act.append(act)
        self.flagged.append(machine)

    def case_ids_are_handed_out_anew(self, kind: str) -> None:
        pair = [self._mac(kind), self._mac(kind)]

        def act() -> None:
            identity_changes.renumber(self.fleet, pair, self._random)

        self._second_act.append(act)

    def case_id_is_another_machines_by_now(self, kind: str) -> None:
        machine = self._mac(kind, right=NEW)
        self.unenrolled.add(self._mark_of(machine))

        def act() -> None:
            machine.serial_number, machine.udid = self._serial(), self._uuid().upper()
            machine.management_id = self._uuid()
            machine.mac_address = plain_records.mac_address(self._random)
            machine.alt_mac_address = plain_records.mac_address(self._random)

        self._second_act.append(act)

    def case_re_enrolled_under_a_new_id(self, kind: str) -> None:
        machine = self._mac(kind)

        def act() -> None:
            self.fleet.remove_computer(machine.id)
            machine.id, machine.management_id = self.fleet.next_id("computer"), self._uuid()
            self._enrol_now(machine)
            self.fleet.store_computer(machine)

        self._second_act.append(act)

    def case_re_enrolled_and_the_old_record_stays(self, kind: str) -> None:
        """The new record, managed and heard of, is the machine; the old one waits to be deleted in JAMF."""
        old = self._mac(kind, right=QUEUE)
        successor = self._successor(old, kind, right=self._mark_of(old))

        def act() -> None:
            old.managed = old.supervised = False
            self._enrol_now(successor)
            self.fleet.store_computer(successor)

        self._second_act.append(act)

    def case_twin_of_one_machine(self, kind: str) -> None:
        """A stale record of the same machine turns up: unmanaged, not heard of for a quarter of a year."""
        machine = self._mac(kind)
        stale = self._successor(machine, kind, right=QUEUE)
        stale.managed = stale.supervised = False
        stale.last_contact = stale.report_date = stale.last_check_in = (
            self.fleet.now_milliseconds - 90 * _DAY
        )
        self._second_act.append(lambda: self.fleet.store_computer(stale))

    def case_twin_from_the_future(self, kind: str) -> None:
        """The same, with a contact time that lies in the future."""
        machine = self._mac(kind)
        stale = self._successor(machine, kind, right=QUEUE)
        stale.last_contact = int(identity_changes.A_FUTURE.timestamp() * 1000)
        stale.last_check_in = stale.last_contact
        stale.last_enrolled_date = self.fleet.now_milliseconds - 400 * _DAY
        self._second_act.append(lambda: self.fleet.store_computer(stale))

    def case_two_machines_with_one_serial_number(self, kind: str) -> None:
        machine = self._mac(kind)
        other = self._successor(machine, kind, right=QUEUE)
        other.udid = self._uuid().upper()
        other.mac_address = plain_records.mac_address(self._random)
        other.alt_mac_address = plain_records.mac_address(self._random)
        other.last_enrolled_date = machine.last_enrolled_date
        other.last_contact = machine.last_contact
        other.last_check_in, other.report_date = machine.last_check_in, machine.report_date
        self._second_act.append(lambda: self.fleet.store_computer(other))

    def case_serial_numbers_that_differ_in_case(self, kind: str) -> None:
        serial_number = f"VM{self._random.randrange(10**6)}{self._serial()}aBcD"
        self._mac(kind, serial_number=serial_number)
        self._mac(kind, serial_number=serial_number.swapcase(), right=NEW, appears_later=True)

    def case_serial_number_is_a_placeholder(self, kind: str) -> None:
        placeholder = self._random.choice(_PLACEHOLDERS)
        self._mac(kind, serial_number=placeholder, right=NOBODY, appears_later=True)

    def case_known_to_moss(self, kind: str) -> None:
        machine = self._mac(kind, appears_later=True)
        self._by_hand(str(machine.serial_number))
        self.flagged.append(machine)

    def case_known_to_moss_as_people_type(self, kind: str) -> None:
        machine = self._mac(kind, appears_later=True)
        serial_number = str(machine.serial_number)
        self._by_hand(
            serial_number, typed=f"{serial_number[:4].lower()} {serial_number[4:].lower()}"
        )
        self.flagged.append(machine)

    def case_device_is_deleted_in_moss(self, kind: str) -> None:
        machine = self._mac(kind, right=NOBODY)
        self._delete("devices", "serial_number", str(machine.serial_number))

    def case_device_is_deleted_and_entered_again(self, kind: str) -> None:
        machine = self._mac(kind)
        serial_number = str(machine.serial_number)
        again = f"{self._mark_of(machine)} again"
        self.computers[-1] = (machine, Label(kind, again))
        self._delete("devices", "serial_number", serial_number)
        self._second_act.append(
            lambda: self._rows.append(self._device_row(serial_number, notes=again))
        )
        self.flagged.append(machine)

    def case_host_names_are_exchanged(self, kind: str) -> None:
        one, two = self._mac(kind), self._mac(kind)

        def act() -> None:
            one.name, two.name = two.name, one.name

        self._second_act.append(act)

    def case_host_name_is_taken(self, kind: str) -> None:
        machine = self._mac(kind)
        self._by_hand(self._serial(), hostname=f"TAKEN-{machine.id}")

        def act() -> None:
            machine.name = f"TAKEN-{machine.id}"

        self._second_act.append(act)

    # -- people: who the directory says ----------------------------------------------------------

    def case_mailbox_is_shared_from_the_start(self, kind: str) -> None:
        mailbox = f"desk{self._random.randrange(10**9)}@example.org"
        for _ in range(2):
            user = self._user(kind, email=mailbox)
            self._mac(kind, user=user)

    def case_mailbox_is_shared_later(self, kind: str) -> None:
        user, owner = self._user(kind), self._user(kind)
        machine = self._mac(kind, user=user)
        self._mac(kind, user=owner)

        def act() -> None:
            identity_changes.share_mailbox(user, owner, [machine])

        self._second_act.append(act)

    def case_user_name_is_handed_on(self, kind: str) -> None:
        """Nothing is written of either until somebody decides: the leaver's Mac keeps the leaver."""
        leaver = self._user(kind, stays=False)
        machine = self._mac(kind, user=leaver)
        newcomers = self._mac(kind, right=NEW, owner=NOBODY, appears_later=True)

        def act() -> None:
            change = identity_changes.hand_username_on(self.fleet, leaver, [machine], self._random)
            newcomer = self.fleet.users[change.id]
            plain_records.assign_user(newcomers, newcomer)
            self.users.append((newcomer, Label(kind, QUEUE)))

        # Before the newcomer's Mac is there, which names whoever has the name.
        self._second_act.insert(0, act)

    def case_user_id_is_somebody_elses_by_now(self, kind: str) -> None:
        user = self._user(kind, right=NEW)
        self._mac(kind, user=user)

        def act() -> None:
            other = plain_records.new_user("0", self._random, self._usernames.__contains__)
            self._usernames.add(other.username)
            user.username = f"{other.username}.{user.id}"
            user.realname, user.email = other.realname, f"{user.username}@example.org"

        self._second_act.append(act)

    def case_user_is_renamed(self, kind: str) -> None:
        """Only the user name changes: the e-mail address agrees, so it is the same person."""
        user = self._user(kind)
        machine = self._mac(kind, user=user)

        def act() -> None:
            user.username = machine.username = f"married.{user.id}"

        self._second_act.append(act)

    def case_person_is_deleted_and_another_row_has_the_address(self, kind: str) -> None:
        user = self._user(kind)
        again = f"{person_mark(user.username)} again"
        self.users[-1] = (user, Label(kind, again))
        self._mac(kind, user=user, owner=again)
        self._delete("people", "username", user.username)
        row = {"full_name": user.realname, "email_address": user.email, "notes": again}
        self._second_act.append(lambda: self._rows.append(Row("people", row)))

    def case_user_name_with_a_domain(self, kind: str) -> None:
        """By default no domain is stripped: somebody new, flagged as a likely duplicate."""
        number = self._random.randrange(10**9)
        known = f"domain{number}"
        self._rows.append(
            Row(
                "people",
                {"full_name": f"Known {number}", "username": known, "notes": person_mark(known)},
            )
        )
        machine = self._mac(kind, right=NEW, owner=NEW, appears_later=True)
        machine.username = f"CORP\\{known}"

    def case_system_account(self, kind: str) -> None:
        """Nobody: the Mac keeps whom it has, and a new one has nobody."""
        machine = self._mac(kind, user=self._user(kind))
        fresh = self._mac(kind, right=NEW, owner=NOBODY, appears_later=True)
        account = self._random.choice(_SYSTEM_ACCOUNTS)
        fresh.username = account

        def act() -> None:
            plain_records.assign_user(machine, None)
            machine.username = account

        self._second_act.append(act)

    def case_bare_name_by_a_script(self, kind: str) -> None:
        """A recon script writes the local part of the user's name and nothing else."""
        local = f"recon{self._random.randrange(10**9)}"
        user = self._user(kind, username=f"{local}@example.org", email=f"{local}@example.org")
        machine = self._mac(kind, user=user)

        def act() -> None:
            plain_records.assign_user(machine, None)
            machine.username = local

        self._second_act.append(act)

    def case_user_whom_only_a_mac_names(self, kind: str) -> None:
        machine = self._mac(kind, right=NEW, owner=NEW, appears_later=True)
        machine.username = f"only.a.mac{self._random.randrange(10**9)}"
        machine.realname = "Only A. Mac"
        machine.email = f"{machine.username}@example.org"

    def case_no_user_any_more(self, kind: str) -> None:
        machine = self._mac(kind, user=self._user(kind))
        self._second_act.append(lambda: plain_records.assign_user(machine, None))

    def case_contact_data_edited_by_hand(self, kind: str) -> None:
        user = self._user(kind)
        self._mac(kind, user=user)
        self._statements.append(
            (
                "update people set phone_number = '+1 555 000', job_title = 'by hand' where username = %s",
                [user.username],
            )
        )

    # -- what they are made of -----------------------------------------------------------------------

    def _ordinary(self) -> None:
        has_user = self._random.random() < _USERS_PER_COMPUTER
        self._mac(_ORDINARY, user=self._user(_ORDINARY) if has_user else None)

    def _mac(
        self,
        kind: str,
        *,
        serial_number: str | None = None,
        user: User | None = None,
        right: str | None = None,
        owner: str | None = None,
        appears_later: bool = False,
    ) -> Computer:
        """A Mac of its own, labelled with the device that it is (by default its own) and the person (its user)."""
        identifier = self.fleet.next_id("computer")
        computer = plain_records.plain_computer(
            identifier, self._random, self.fleet.now_milliseconds
        )
        computer.serial_number = serial_number or self._serial()
        computer.name = f"MAC-{identifier}"
        plain_records.assign_user(computer, user)
        self.computers.append((computer, Label(kind, right or self._mark_of(computer))))
        if owner is None:
            owner = NOBODY if user is None else person_mark(user.username)
        self.owners.append((computer, Label(kind, owner)))
        if appears_later:
            self._second_act.append(lambda: self.fleet.store_computer(computer))
        else:
            self.fleet.store_computer(computer)
        return computer

    def _successor(self, computer: Computer, kind: str, *, right: str) -> Computer:
        """Another record of the same machine, in no fleet yet."""
        successor = copy.copy(computer)
        successor.revision = None
        successor.id, successor.management_id = self.fleet.next_id("computer"), self._uuid()
        successor.name = f"MAC-{successor.id}"
        self.computers.append((successor, Label(kind, right)))
        return successor

    def _user(
        self,
        kind: str,
        *,
        username: str | None = None,
        email: str | None = None,
        right: str | None = None,
        stays: bool = True,
    ) -> User:
        """A user record of its own, labelled with the person that it is."""
        user = plain_records.new_user(
            self.fleet.next_id("user"), self._random, self._usernames.__contains__
        )
        if username is not None:
            user.username = username
        self._usernames.add(user.username)
        user.email = email or f"{user.username}@example.org"
        self.fleet.store_user(user)
        if stays:
            self.users.append((user, Label(kind, right or person_mark(user.username))))
        return user

    def _by_hand(
        self, serial_number: str, *, typed: str | None = None, hostname: str | None = None
    ) -> None:
        """A device that a person entered in M.O.S.S. before the first sync."""
        self._rows.append(
            self._device_row(
                typed or serial_number, notes=device_mark(serial_number), hostname=hostname
            )
        )

    def _device_row(self, serial_number: str, *, notes: str, hostname: str | None = None) -> Row:
        values = {
            "serial_number": serial_number,
            "device_type": self.dialect.other_type,
            "hostname": hostname,
            "notes": notes,
        }
        return Row("devices", values)

    def _delete(self, table: str, column: str, value: str) -> None:
        self._statements.append((f"delete from {table} where {column} = %s", [value]))

    def _enrol_now(self, computer: Computer) -> None:
        now = self.fleet.now_milliseconds
        computer.last_enrolled_date = now
        computer.report_date = computer.last_check_in = computer.last_contact = now

    def _serial(self) -> str:
        while (serial_number := plain_records.serial_number(self._random)) in self._serials:
            continue
        self._serials.add(serial_number)
        return serial_number

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128)))

    @staticmethod
    def _mark_of(computer: Computer) -> str:
        return device_mark(str(computer.serial_number))
