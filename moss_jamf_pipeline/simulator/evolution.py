"""What happens to a fleet between two syncs, with a report that says exactly what changed.

Each kind of change strikes its own ordinary computers (managed, with a real serial that no other record has), so
that the counts of a sync can be compared with the report line by line. The choices follow from the fleet's seed and
from how often it has evolved; nothing here depends on the clock.
"""

import copy
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from moss_jamf_pipeline.simulator import (
    attribute_changes,
    identity_changes,
    mobile_evolution,
    plain_records,
)
from moss_jamf_pipeline.simulator.catalogue import (
    OPERATING_SYSTEM_RELEASES,
    POSITIONS,
    seeded_random,
)
from moss_jamf_pipeline.simulator.changes import Change, identity_of, user_of
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.oddities import (
    COMPUTER_ODDITIES,
    PLACEHOLDER_SERIALS,
    USER_ODDITIES,
)
from moss_jamf_pipeline.simulator.records import Building, Computer, Group, User

R = TypeVar("R")

SYNC_INTERVAL = timedelta(hours=6)
"""How far the fleet's present moves with each evolution."""

_GONE_QUIET = 30 * plain_records.DAY


class EvolutionError(ValueError):
    """The fleet is too small, or too odd, for the changes that were asked for."""


class EvolveRequest(BaseModel):
    """How many changes of each kind are to happen. Everything is off by default."""

    model_config = ConfigDict(extra="forbid")

    enrolments: int = Field(
        default=0, ge=0, description="New Macs, assigned to people of the fleet."
    )
    wipes: int = Field(default=0, ge=0, description="Computer records deleted.")
    re_enrolments: int = Field(
        default=0,
        ge=0,
        description="Macs that come back under a new id, same serial and UDID; the old record is gone.",
    )
    board_swaps: int = Field(
        default=0,
        ge=0,
        description="Macs that come back under a new id and UDID, same serial; the old record stays, unmanaged.",
    )
    reassignments: int = Field(default=0, ge=0, description="Macs that go to another person.")
    renames: int = Field(default=0, ge=0, description="Macs that get a new, unique name.")
    os_updates: int = Field(
        default=0, ge=0, description="Macs that are updated to the newest macOS."
    )
    user_changes: int = Field(
        default=0, ge=0, description="People who get another position and phone number."
    )
    building_renames: int = Field(default=0, ge=0, description="Buildings that get another name.")
    group_changes: int = Field(
        default=0,
        ge=0,
        description="Changes of static groups, in equal parts: renamed, joined, left, created, deleted.",
    )
    renumber_ids: int = Field(
        default=0,
        ge=0,
        description="Macs that exchange their ids in a ring and enrol anew, as on a server that was rebuilt or "
        "restored; two at least.",
    )
    renumber_groups: int = Field(
        default=0,
        ge=0,
        description="Computer groups that exchange their ids in a ring; names, kinds and members stay. Two at least.",
    )
    renumber_buildings: int = Field(
        default=0,
        ge=0,
        description="Buildings that exchange their ids in a ring; computers stay in theirs. Two at least.",
    )
    replace_hardware: int = Field(
        default=0,
        ge=0,
        description="Records behind which another machine stands: another serial number and model, same ids and UDID.",
    )
    reuse_username: int = Field(
        default=0,
        ge=0,
        description="People who leave and whose user name goes to a new person, under a new id, with another e-mail "
        "address.",
    )
    share_mailbox: int = Field(
        default=0, ge=0, description="People who are given the e-mail address of another one."
    )
    future_contact: int = Field(
        default=0, ge=0, description="Macs whose contact times lie in a far future."
    )
    mobile_enrolments: int = Field(
        default=0, ge=0, description="New mobile devices, assigned to people of the fleet."
    )
    mobile_wipes: int = Field(default=0, ge=0, description="Mobile device records deleted.")
    mobile_reassignments: int = Field(
        default=0, ge=0, description="Mobile devices that go to another person."
    )
    mobile_updates: int = Field(
        default=0, ge=0, description="Mobile devices that are updated to the newest system."
    )
    attribute_changes: int = Field(
        default=0,
        ge=0,
        description="Macs whose extension attribute Lifecycle State is chosen anew.",
    )
    attribute_wipes: int = Field(
        default=0,
        ge=0,
        description="Macs that lose the values of all extension attributes, as by a race at a check-in.",
    )
    contacts: bool = Field(
        default=False,
        description="Managed Macs and mobile devices check in: contact and report times move, nothing else.",
    )
    reports: bool = Field(
        default=False,
        description="Macs that are updated, reassigned, renamed, replaced, or changed with their person or group "
        "submit their inventory afterwards: contact and report times move. Without it these are edits that move none.",
    )
    seed: int | None = Field(default=None, description="Instead of the fleet's own seed.")


class EvolveReport(BaseModel):
    """What changed. Each list is as long as the number that was asked for.

    Attributes:
        generation: how many times the fleet has evolved, this time included.
        computers_total: how many computer records there are now.
        contacts: how many computers checked in.
        mobile_contacts: how many mobile devices did.
    """

    generation: int
    computers_total: int = 0
    enrolments: list[Change] = Field(default_factory=list)
    wipes: list[Change] = Field(default_factory=list)
    re_enrolments: list[Change] = Field(default_factory=list)
    board_swaps: list[Change] = Field(default_factory=list)
    reassignments: list[Change] = Field(default_factory=list)
    renames: list[Change] = Field(default_factory=list)
    os_updates: list[Change] = Field(default_factory=list)
    user_changes: list[Change] = Field(default_factory=list)
    building_renames: list[Change] = Field(default_factory=list)
    group_changes: list[Change] = Field(default_factory=list)
    renumber_ids: list[Change] = Field(default_factory=list)
    renumber_groups: list[Change] = Field(default_factory=list)
    renumber_buildings: list[Change] = Field(default_factory=list)
    replace_hardware: list[Change] = Field(default_factory=list)
    reuse_username: list[Change] = Field(default_factory=list)
    share_mailbox: list[Change] = Field(default_factory=list)
    mobile_enrolments: list[Change] = Field(default_factory=list)
    mobile_wipes: list[Change] = Field(default_factory=list)
    mobile_reassignments: list[Change] = Field(default_factory=list)
    mobile_updates: list[Change] = Field(default_factory=list)
    attribute_changes: list[Change] = Field(default_factory=list)
    attribute_wipes: list[Change] = Field(default_factory=list)
    contacts: int = 0
    mobile_contacts: int = 0
    future_contact: list[Change] = Field(default_factory=list)


def evolve(fleet: Fleet, request: EvolveRequest) -> EvolveReport:
    """Changes a fleet the way real life does between two syncs.

    Args:
        fleet: the fleet.
        request: how much of what.

    Returns:
        What changed.

    Raises:
        EvolutionError: more changes were asked for than the fleet has ordinary records. Nothing has changed then.
    """
    with fleet.lock:
        return _Evolution(fleet, request).run()


@dataclass(frozen=True, slots=True)
class _Picks:
    """The records that will change, no computer and no group in two places."""

    os_updates: list[Computer]
    wipes: list[Computer]
    re_enrolments: list[Computer]
    board_swaps: list[Computer]
    reassignments: list[Computer]
    renames: list[Computer]
    joiners: list[Computer]
    leavers: list[Computer]
    people: list[User]
    buildings: list[Building]
    renamed_groups: list[Group]
    deleted_groups: list[Group]
    new_groups: int
    renumbered: list[Computer]
    renumbered_groups: list[Group]
    renumbered_buildings: list[Building]
    replaced: list[Computer]
    ahead_of_time: list[Computer]
    leavers_of_the_house: list[User]
    sharers: list[User]
    mailbox_owners: list[User]
    mobile: mobile_evolution.MobilePicks
    attribute_changes: list[Computer]
    attribute_wipes: list[Computer]


class _Evolution:
    """One evolution. It picks all records before it changes the first, so that a refusal changes nothing."""

    def __init__(self, fleet: Fleet, request: EvolveRequest) -> None:
        self._fleet = fleet
        self._request = request
        seed = fleet.seed if request.seed is None else request.seed
        self._randomness = seeded_random(seed, "evolution", fleet.generation + 1)
        self._static_groups = [group for group in fleet.groups.values() if not group.is_smart]

    def run(self) -> EvolveReport:
        """Picks, changes, reports."""
        fleet = self._fleet
        picks = self._picks()
        struck = (*picks.people, *picks.leavers_of_the_house, *picks.sharers)
        changed = {user.id for user in struck}
        self._owners = [user for user in fleet.users.values() if user.id not in changed]
        self._serial_numbers = {computer.serial_number for computer in fleet.computers.values()}
        fleet.generation += 1
        fleet.now += SYNC_INTERVAL
        report = EvolveReport(
            generation=fleet.generation,
            os_updates=[self._update_operating_system(computer) for computer in picks.os_updates],
            wipes=[self._wipe(computer) for computer in picks.wipes],
            re_enrolments=[self._re_enrol(computer) for computer in picks.re_enrolments],
            board_swaps=[self._swap_board(computer) for computer in picks.board_swaps],
            reassignments=[self._reassign(computer) for computer in picks.reassignments],
            renames=[self._rename(computer) for computer in picks.renames],
            user_changes=list(self._change_users(picks.people)),
            enrolments=[self._enrol() for _ in range(self._request.enrolments)],
            building_renames=[self._rename_building(building) for building in picks.buildings],
            group_changes=list(self._change_groups(picks)),
            renumber_ids=identity_changes.renumber(fleet, picks.renumbered, self._randomness),
            renumber_groups=identity_changes.renumber_groups(fleet, picks.renumbered_groups),
            renumber_buildings=identity_changes.renumber_buildings(
                fleet, picks.renumbered_buildings
            ),
            replace_hardware=[self._replace_hardware(computer) for computer in picks.replaced],
            reuse_username=list(self._hand_usernames_on(picks.leavers_of_the_house)),
            share_mailbox=list(self._share_mailboxes(picks)),
            contacts=self._check_in() if self._request.contacts else 0,
            future_contact=[
                identity_changes.contact_from_the_future(computer)
                for computer in picks.ahead_of_time
            ],
            mobile_wipes=mobile_evolution.wipe(fleet, picks.mobile.wipes),
            mobile_reassignments=mobile_evolution.reassign(
                fleet, picks.mobile.reassignments, self._randomness
            ),
            mobile_updates=mobile_evolution.update(picks.mobile.updates),
            mobile_enrolments=mobile_evolution.enrol(
                fleet, self._request.mobile_enrolments, self._randomness
            ),
            mobile_contacts=mobile_evolution.check_in(fleet) if self._request.contacts else 0,
            attribute_changes=attribute_changes.choose_anew(picks.attribute_changes),
            attribute_wipes=attribute_changes.wipe(picks.attribute_wipes),
        )
        if self._request.reports:
            self._report(picks, report)
        report.computers_total = len(fleet.computers)
        return report

    def _picks(self) -> _Picks:
        request, newest = self._request, OPERATING_SYSTEM_RELEASES[-1].version
        pool = self._ordinary_computers()

        def draw(
            count: int, what: str, is_fit: Callable[[Computer], bool] = lambda _: True
        ) -> list[Computer]:
            picked = self._sample([computer for computer in pool if is_fit(computer)], count, what)
            ids = {computer.id for computer in picked}
            pool[:] = [computer for computer in pool if computer.id not in ids]
            return picked

        group_ids = {group.id for group in self._static_groups}
        renames, joins, leaves, creations, deletions = _shares(request.group_changes, 5)
        groups = self._sample(self._static_groups, renames + deletions, "static groups")
        lasting = group_ids - {group.id for group in groups[renames:]}
        odd_users = {
            identifier
            for name, *_ in USER_ODDITIES
            for identifier in self._fleet.oddities.get(name, ())
        }
        users = [user for user in self._fleet.users.values() if user.id not in odd_users]

        def draw_users(count: int) -> list[User]:
            picked = self._sample(users, count, "ordinary users")
            users[:] = [user for user in users if user not in picked]
            return picked

        exchanging = {
            "Mac": request.renumber_ids,
            "group": request.renumber_groups,
            "building": request.renumber_buildings,
        }
        for what, count in exchanging.items():
            if count == 1:
                raise EvolutionError(
                    f"A {what} alone has nobody to exchange ids with; ask for two."
                )
        return _Picks(
            os_updates=draw(
                request.os_updates,
                "Macs with an older macOS",
                lambda computer: (
                    computer.model.apple_silicon and computer.operating_system_version != newest
                ),
            ),
            joiners=draw(
                joins,
                "Macs that could join a static group",
                lambda computer: bool(lasting.difference(computer.assigned_group_ids)),
            ),
            leavers=draw(
                leaves,
                "Macs in a static group",
                lambda computer: bool(lasting.intersection(computer.assigned_group_ids)),
            ),
            wipes=draw(request.wipes, "ordinary Macs"),
            re_enrolments=draw(request.re_enrolments, "ordinary Macs"),
            board_swaps=draw(request.board_swaps, "ordinary Macs"),
            reassignments=draw(request.reassignments, "ordinary Macs"),
            renames=draw(request.renames, "ordinary Macs"),
            people=draw_users(request.user_changes),
            buildings=(
                renamed := self._sample(
                    list(self._fleet.buildings.values()), request.building_renames, "buildings"
                )
            ),
            renamed_groups=groups[:renames],
            deleted_groups=groups[renames:],
            new_groups=creations,
            # What came later is drawn last: an older request still strikes the same records.
            renumbered=draw(request.renumber_ids, "ordinary Macs"),
            replaced=draw(request.replace_hardware, "ordinary Macs"),
            ahead_of_time=draw(request.future_contact, "ordinary Macs"),
            leavers_of_the_house=draw_users(request.reuse_username),
            sharers=draw_users(request.share_mailbox),
            mailbox_owners=draw_users(request.share_mailbox),
            renumbered_groups=self._sample(
                [group for group in self._fleet.groups.values() if group not in groups],
                request.renumber_groups,
                "groups of unchanged name",
            ),
            renumbered_buildings=self._sample(
                [place for place in self._fleet.buildings.values() if place not in renamed],
                request.renumber_buildings,
                "buildings of unchanged name",
            ),
            mobile=self._mobile_picks(),
            attribute_changes=draw(request.attribute_changes, "ordinary Macs"),
            attribute_wipes=draw(request.attribute_wipes, "ordinary Macs"),
        )

    def _mobile_picks(self) -> mobile_evolution.MobilePicks:
        request, pool = self._request, mobile_evolution.ordinary(self._fleet)
        first, second = request.mobile_wipes, request.mobile_wipes + request.mobile_reassignments
        struck = self._sample(pool, second + request.mobile_updates, "ordinary mobile devices")
        return mobile_evolution.MobilePicks(struck[:first], struck[first:second], struck[second:])

    def _ordinary_computers(self) -> list[Computer]:
        """Managed institutional Macs without oddity, whose serial and name no other record has."""
        computers = self._fleet.computers.values()
        odd = {
            identifier
            for name, *_ in COMPUTER_ODDITIES
            for identifier in self._fleet.oddities.get(name, ())
        }
        serials = Counter((computer.serial_number or "").strip().upper() for computer in computers)
        names = Counter((computer.name or "").casefold() for computer in computers)
        placeholders = {(placeholder or "").strip().upper() for placeholder in PLACEHOLDER_SERIALS}
        return [
            computer
            for computer in computers
            if computer.managed
            and computer.id not in odd
            and computer.apple_enrollment_type != "user"
            and (serial := (computer.serial_number or "").strip().upper()) not in placeholders
            and serials[serial] == 1
            and names[(computer.name or "").casefold()] == 1
        ]

    def _sample(self, records: list[R], count: int, what: str) -> list[R]:
        if count > len(records):
            raise EvolutionError(
                f"The fleet has {len(records)} {what} left and {count} were to change; "
                "ask for fewer changes or simulate a larger fleet."
            )
        return self._randomness.sample(records, count)

    def _enrol(self) -> Change:
        fleet = self._fleet
        computer = plain_records.plain_computer(
            fleet.next_id("computer"), self._randomness, fleet.now_milliseconds
        )
        while computer.serial_number in self._serial_numbers:
            computer.serial_number = plain_records.serial_number(self._randomness)
        self._serial_numbers.add(computer.serial_number)
        self._restart_life(computer)
        computer.initial_entry_date = fleet.now_milliseconds
        computer.asset_tag = f"AT-{int(computer.id):06d}"
        if self._owners:
            plain_records.assign_user(computer, self._randomness.choice(self._owners))
        computer.building_id = self._randomness.choice([*fleet.buildings] or [None])
        computer.department_id = self._randomness.choice([*fleet.departments] or [None])
        fleet.store_computer(computer)
        return Change(id=computer.id, after=identity_of(computer))

    def _wipe(self, computer: Computer) -> Change:
        self._fleet.remove_computer(computer.id)
        return Change(id=computer.id, before=identity_of(computer))

    def _re_enrol(self, computer: Computer) -> Change:
        successor = self._successor(computer)
        self._fleet.remove_computer(computer.id)
        self._fleet.store_computer(successor)
        return Change(id=successor.id, before=identity_of(computer), after=identity_of(successor))

    def _swap_board(self, computer: Computer) -> Change:
        before = identity_of(computer)
        successor = self._successor(computer)
        successor.udid = str(uuid.UUID(int=self._randomness.getrandbits(128))).upper()
        successor.mac_address = plain_records.mac_address(self._randomness)
        computer.managed = computer.supervised = False
        self._fleet.store_computer(successor)
        return Change(id=successor.id, before=before, after=identity_of(successor))

    def _successor(self, computer: Computer) -> Computer:
        """A new record of the same Mac: same serial, UDID, name, user and place, new id and management id."""
        successor = copy.copy(computer)
        successor.revision = None
        successor.id = self._fleet.next_id("computer")
        successor.management_id = str(uuid.UUID(int=self._randomness.getrandbits(128)))
        successor.overrides = copy.deepcopy(computer.overrides)
        self._restart_life(successor)
        return successor

    def _restart_life(self, computer: Computer) -> None:
        now = self._fleet.now_milliseconds
        computer.last_enrolled_date = now
        computer.report_date = computer.last_check_in = computer.last_contact = now

    def _reassign(self, computer: Computer) -> Change:
        before = user_of(computer)
        plain_records.assign_user(computer, self._another_owner(computer))
        return Change(id=computer.id, before=before, after=user_of(computer))

    def _another_owner(self, computer: Computer) -> User | None:
        """Someone else; nobody if the present owner is the only one there is."""
        if all(owner.username == computer.username for owner in self._owners[:2]):
            return None
        while (owner := self._randomness.choice(self._owners)).username == computer.username:
            continue
        return owner

    def _rename(self, computer: Computer) -> Change:
        before = computer.name
        prefix = plain_records.hostname_prefix(computer.model)
        computer.name = f"{prefix}-{computer.id}-G{self._fleet.generation}"
        return Change(id=computer.id, before={"name": before}, after={"name": computer.name})

    def _update_operating_system(self, computer: Computer) -> Change:
        before = _operating_system_of(computer)
        newest = OPERATING_SYSTEM_RELEASES[-1]
        computer.operating_system_version = newest.version
        computer.operating_system_build = newest.build
        return Change(id=computer.id, before=before, after=_operating_system_of(computer))

    def _change_users(self, users: list[User]) -> Iterator[Change]:
        """Changes users, and with them the location of the computers that name them, as JAMF does."""
        computers = self._computers_of(users)
        for user in users:
            before: dict[str, object] = {"position": user.position, "phone": user.phone}
            user.position = self._randomness.choice(
                [title for title in POSITIONS if title != user.position]
            )
            user.phone = f"+1 555 {self._randomness.randrange(10**7):07d}"
            for computer in computers[user.username]:
                computer.position, computer.phone = user.position, user.phone
            after: dict[str, object] = {
                "position": user.position,
                "phone": user.phone,
                "computer_ids": [computer.id for computer in computers[user.username]],
            }
            yield Change(id=user.id, before=before, after=after)

    def _computers_of(self, users: list[User]) -> dict[str, list[Computer]]:
        """The computers that name each of some users, by user name."""
        computers: dict[str, list[Computer]] = {user.username: [] for user in users}
        for computer in self._fleet.computers.values():
            if computer.username in computers:
                computers[computer.username].append(computer)
        return computers

    def _replace_hardware(self, computer: Computer) -> Change:
        change = identity_changes.replace_hardware(
            computer, self._randomness, self._serial_numbers.__contains__
        )
        self._serial_numbers.add(computer.serial_number)
        return change

    def _hand_usernames_on(self, leavers: list[User]) -> Iterator[Change]:
        computers = self._computers_of(leavers)
        for leaver in leavers:
            yield identity_changes.hand_username_on(
                self._fleet, leaver, computers[leaver.username], self._randomness
            )

    def _share_mailboxes(self, picks: _Picks) -> Iterator[Change]:
        computers = self._computers_of(picks.sharers)
        for user, owner in zip(picks.sharers, picks.mailbox_owners, strict=True):
            yield identity_changes.share_mailbox(user, owner, computers[user.username])

    def _rename_building(self, building: Building) -> Change:
        before = building.name
        building.name = f"{before.partition(' (')[0]} (since {self._fleet.generation})"
        return Change(id=building.id, before={"name": before}, after={"name": building.name})

    def _change_groups(self, picks: _Picks) -> Iterator[Change]:
        fleet = self._fleet
        for group in picks.renamed_groups:
            before = group.name
            fleet.rename_group(group.id, f"{before.partition(' (')[0]} (since {fleet.generation})")
            yield Change(id=group.id, before={"name": before}, after={"name": group.name})
        lasting = [group.id for group in self._static_groups if group not in picks.deleted_groups]
        for computer in picks.joiners:
            group_id = self._randomness.choice(
                [
                    identifier
                    for identifier in lasting
                    if identifier not in computer.assigned_group_ids
                ]
            )
            fleet.assign_to_group(computer.id, group_id)
            yield Change(id=group_id, after={"member": computer.id})
        for computer in picks.leavers:
            group_id = self._randomness.choice(
                [identifier for identifier in computer.assigned_group_ids if identifier in lasting]
            )
            fleet.remove_from_group(computer.id, group_id)
            yield Change(id=group_id, before={"member": computer.id})
        for number in range(picks.new_groups):
            group = fleet.add_group(f"New group {fleet.generation}.{number + 1}")
            yield Change(id=group.id, after={"name": group.name})
        for group in picks.deleted_groups:
            fleet.remove_group(group.id)
            yield Change(id=group.id, before={"name": group.name})

    def _check_in(self) -> int:
        """Every managed Mac that has not gone quiet contacts the server again."""
        now = self._fleet.now_milliseconds
        checked_in = 0
        for computer in self._fleet.computers.values():
            if (
                not computer.managed
                or computer.last_contact is None
                or now - computer.last_contact > _GONE_QUIET
            ):
                continue
            contact = now - self._randomness.randrange(1, plain_records.HOUR)
            computer.last_contact = computer.last_check_in = contact
            if computer.report_date is not None:
                computer.report_date = contact
            checked_in += 1
        return checked_in

    def _report(self, picks: _Picks, report: EvolveReport) -> None:
        """Every changed Mac submits its inventory."""
        struck = [*picks.os_updates, *picks.reassignments, *picks.renames, *picks.replaced]
        struck += [*picks.joiners, *picks.leavers]
        struck += [*picks.attribute_changes, *picks.attribute_wipes]
        for change in (*report.user_changes, *report.reuse_username, *report.share_mailbox):
            computer_ids = change.after["computer_ids"]
            if isinstance(computer_ids, list):
                struck += [self._fleet.computers[computer_id] for computer_id in computer_ids]
        now = self._fleet.now_milliseconds
        for computer in struck:
            moment = now - self._randomness.randrange(1, plain_records.HOUR)
            computer.report_date = computer.last_check_in = computer.last_contact = moment


def _shares(total: int, parts: int) -> list[int]:
    """Splits a number into parts as equal as can be, the first ones larger."""
    return [(total + parts - 1 - number) // parts for number in range(parts)]


def _operating_system_of(computer: Computer) -> dict[str, object]:
    return {"version": computer.operating_system_version, "build": computer.operating_system_build}


def apply_churn(fleet: Fleet, *, inserted: int, deleted: int) -> None:
    """Changes a fleet while someone pages through it: the fault `churn`.

    Args:
        fleet: the fleet.
        inserted: computers to enrol; they get the highest ids.
        deleted: computers to delete; those with the lowest ids go.
    """
    with fleet.lock:
        for _ in range(inserted):
            fleet.add_computer()
        oldest = sorted(fleet.computers, key=int)[:deleted]
        for computer_id in oldest:
            fleet.remove_computer(computer_id)
