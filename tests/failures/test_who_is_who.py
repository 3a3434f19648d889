"""Failures 10 to 13, 15 and 30: one Mac is one device, one user one person, and a host name is given once.

Their stories happen side by side in one world per dialect (`tests/e2e/stories.py`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.simulator import Computer
from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import (
    add_mac,
    assert_counts_add_up,
    device,
    devices,
    insert,
    insert_device,
    mapping,
    mappings,
    stored_rows,
)
from tests.e2e.stories import Story, told
from tests.support.world import Row, World

_UDID = "11111111-0000-4000-8000-0000000000"
_RUNS_WITH_TWINS = 10
# What of a sync is about devices; all of it ten times would show no more.
_ABOUT_DEVICES = (
    *("raw_jamf_computers", "jamf_computers_snapshot", "device_matches"),
    *("change_plan", "guarded_plan", "conflicts", "moss_devices", "moss_mappings"),
)


def _conflicts_of(world: World, external_type: str, jamf_id: str) -> list[str]:
    rows = world.query(
        "select kind from jamf_sync.conflicts where status = 'open' and external_type = %s and external_id = %s",
        [external_type, jamf_id],
    )
    return sorted(row["kind"] for row in rows)


def _people(world: World, pattern: str) -> list[Row]:
    return world.query(
        "select * from people where concat_ws(' ', username, email_address, full_name) ilike %s order by full_name",
        [f"%{pattern}%"],
    )


def _hostnames(world: World, *serial_numbers: str) -> list[str | None]:
    found = devices(world)
    return [found[serial_number]["hostname"] for serial_number in serial_numbers]


class _TwinsThatBothCheckIn(Story):
    twins: tuple[Computer, Computer]

    def begin(self, world: World) -> None:
        self.twins = add_mac(world, "10", "C02TWINS0010"), add_mac(world, "11", "C02TWINS0010")
        for twin in self.twins:
            self.check_in(world, twin)

    @staticmethod
    def check_in(world: World, twin: Computer) -> None:
        twin.last_contact = twin.last_check_in = twin.report_date = world.fleet.now_milliseconds

    def check(self, world: World) -> None:
        kinds = [_conflicts_of(world, "computer", twin.id) for twin in self.twins]
        assert sorted(kinds) == [[], ["shared_serial"]]


class _ANewLogicBoard(Story):
    before: Row | None
    device_id: str

    def begin(self, world: World) -> None:
        add_mac(world, "20", "C02BOARD0020", udid=f"{_UDID}20")

    def meanwhile(self, world: World) -> None:
        self.before = mapping(world, "computer", "20")
        self.device_id = str(device(world, "C02BOARD0020")["id"])
        world.execute("update devices set notes = 'its history' where id = %s", [self.device_id])
        world.fleet.computer("20").managed = False
        add_mac(world, "21", "C02BOARD0020", udid=f"{_UDID}21")

    def check(self, world: World) -> None:
        assert self.before is not None
        after = mapping(world, "computer", "21")
        assert after is not None
        found = device(world, "C02BOARD0020")
        assert (str(found["id"]), found["notes"]) == (self.device_id, "its history")
        assert (after["id"], after["created_at"]) == (self.before["id"], self.before["created_at"])
        assert str(after["internal_id"]) == self.device_id
        assert mapping(world, "computer", "20") is None
        assert _conflicts_of(world, "computer", "20") == ["twin_record"]


class _AWipedMacThatEnrolsAgain(Story):
    before: Row | None
    device_id: str

    def begin(self, world: World) -> None:
        add_mac(world, "30", "C02ENROL0030", udid=f"{_UDID}30")

    def meanwhile(self, world: World) -> None:
        self.before = mapping(world, "computer", "30")
        self.device_id = str(device(world, "C02ENROL0030")["id"])
        world.fleet.remove_computer("30")
        add_mac(world, "31", "C02ENROL0030", udid=f"{_UDID}30")

    def check(self, world: World) -> None:
        after = mapping(world, "computer", "31")
        assert after is not None
        assert self.before is not None
        assert (after["id"], after["created_at"]) == (self.before["id"], self.before["created_at"])
        assert str(after["internal_id"]) == self.device_id
        assert mapping(world, "computer", "30") is None
        assert device(world, "C02ENROL0030")["hostname"] == "MAC-31"
        assert device(world, "C02ENROL0030")["enrollment"] == "enrolled"


class _MacsWithoutASerialNumber(Story):
    reasons: ClassVar[dict[str, tuple[str | None, str]]] = {
        "40": ("", "serial_number_missing"),
        "41": ("Not Available", "serial_number_placeholder"),
        "42": (None, "serial_number_missing"),
        "43": ("To be filled by O.E.M.", "serial_number_placeholder"),
    }

    def begin(self, world: World) -> None:
        for jamf_id, (serial_number, _) in self.reasons.items():
            add_mac(world, jamf_id, serial_number)

    def check(self, world: World) -> None:
        for jamf_id in self.reasons:
            assert mapping(world, "computer", jamf_id) is None
            hostname = f"MAC-{jamf_id}"
            assert world.query("select * from devices where hostname = %s", [hostname]) == []
        held_back = world.query(
            "select distinct jamf_id, reason, is_whole_record from jamf_sync.quarantine"
            " where collection = 'computers' and jamf_id = any (%s) order by jamf_id",
            [list(self.reasons)],
        )
        assert [(row["jamf_id"], row["reason"]) for row in held_back] == [
            (jamf_id, reason) for jamf_id, (_, reason) in self.reasons.items()
        ]
        assert all(row["is_whole_record"] for row in held_back)
        assert world.outcomes[-1].success


class _ASimilarName(Story):
    def begin(self, world: World) -> None:
        insert(world, "people", full_name="Benjamin 50", email_address="benjamin50@example.org")
        insert(world, "people", full_name="Ann 50", email_address="ANN50@example.org")
        for jamf_id, name in (("50", "ben"), ("51", "ann")):
            user = {"username": f"{name}50", "email": f"{name}50@example.org"}
            world.fleet.add_user(id=jamf_id, realname=f"{name.title()} 50", **user)
            add_mac(world, jamf_id, f"C02NAME000{jamf_id}", user=user)

    def check(self, world: World) -> None:
        assert [row["full_name"] for row in _people(world, "50")] == [
            *("Ann 50", "Ben 50", "Benjamin 50"),
        ]
        assert device(world, "C02NAME00050")["person_email"] == "ben50@example.org"
        assert device(world, "C02NAME00051")["person_email"].casefold() == "ann50@example.org"


class _TwoPeopleOfOneAddress(Story):
    def begin(self, world: World) -> None:
        for name in ("Eve one", "Eve two"):
            insert(world, "people", full_name=name, email_address="eve55@example.org")
        user = {"username": "eve55", "email": "eve55@example.org"}
        world.fleet.add_user(id="55", realname="Eve", position="Head", **user)
        add_mac(world, "55", "C02PEOPLE055", user=user)

    def check(self, world: World) -> None:
        assert [(row["job_title"], row["username"]) for row in _people(world, "eve55")] == [
            (None, None)
        ] * 2
        assert mapping(world, "user", "55") is None
        assert device(world, "C02PEOPLE055")["assigned_to_person_id"] is None
        assert _conflicts_of(world, "user", "55") == ["ambiguous_match"]


class _TwoDevicesOfOneSerialNumber(Story):
    rows: list[Row]

    def begin(self, world: World) -> None:
        insert_device(world, "C02TWICE0056", hostname="one 56")
        insert_device(world, " c02twice0056 ", hostname="two 56")
        add_mac(world, "56", "C02TWICE0056", user={"username": "u56", "email": "u56@example.org"})
        self.rows = self.stored(world)

    @staticmethod
    def stored(world: World) -> list[Row]:
        return world.query(
            "select *, xmin::text from public.devices where upper(btrim(serial_number)) = 'C02TWICE0056' order by id"
        )

    def check(self, world: World) -> None:
        assert self.stored(world) == self.rows
        assert mapping(world, "computer", "56") is None
        assert _conflicts_of(world, "computer", "56") == ["ambiguous_match"]


class _TwoMacsOfOneName(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "60", "C02NAME00060", name="Shared 60")
        add_mac(world, "61", "C02NAME00061", name="Shared 60")

    def check(self, world: World) -> None:
        names = _hostnames(world, "C02NAME00060", "C02NAME00061")
        if not world.dialect.hostname_is_unique:
            assert names == ["Shared 60", "Shared 60"]
            return
        assert names == ["Shared 60", None]
        assert _conflicts_of(world, "computer", "60") == []
        assert _conflicts_of(world, "computer", "61") == ["hostname_taken"]


class _TwoMacsThatSwapTheirNames(Story):
    macs: tuple[Computer, Computer]

    def begin(self, world: World) -> None:
        self.macs = add_mac(world, "65", "C02NAME00065"), add_mac(world, "66", "C02NAME00066")

    def meanwhile(self, _: World) -> None:
        self.macs[0].name, self.macs[1].name = "MAC-66", "MAC-65"

    def check(self, world: World) -> None:
        assert _hostnames(world, "C02NAME00065", "C02NAME00066") == ["MAC-66", "MAC-65"]
        assert _conflicts_of(world, "computer", "65") == []


class _ANameThatAForeignDeviceHas(Story):
    foreign: str

    def begin(self, world: World) -> None:
        self.foreign = insert_device(world, "FOREIGN00070", hostname="Taken 70")
        add_mac(world, "70", "C02NAME00070", name="Taken 70")

    def check(self, world: World) -> None:
        found = device(world, "FOREIGN00070")
        assert (str(found["id"]), found["hostname"]) == (self.foreign, "Taken 70")
        if world.dialect.hostname_is_unique:
            assert _hostnames(world, "C02NAME00070") == [None]
            assert _conflicts_of(world, "computer", "70") == ["hostname_taken"]


_STORIES = [story() for story in Story.__subclasses__() if story.__module__ == __name__]


@pytest.fixture(scope="module")
def told_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world after all the stories of this file."""
    with told(separate_world, _STORIES) as world:
        yield world


def _check(world: World, *kinds: type[Story]) -> None:
    for story in _STORIES:
        if isinstance(story, kinds):
            story.check(world)


def test_failure_11_a_new_logic_board_keeps_device_link_and_history(told_world: World) -> None:
    _check(told_world, _ANewLogicBoard)


def test_failure_12_a_mac_that_is_wiped_and_enrolled_again_is_one_device(told_world: World) -> None:
    _check(told_world, _AWipedMacThatEnrolsAgain)


def test_failure_13_a_mac_without_a_serial_number_is_held_back_and_no_error(
    told_world: World,
) -> None:
    _check(told_world, _MacsWithoutASerialNumber)


def test_failure_15_who_is_who_is_exact_and_never_the_first_of_two(told_world: World) -> None:
    _check(told_world, _ASimilarName, _TwoPeopleOfOneAddress, _TwoDevicesOfOneSerialNumber)


def test_failure_30_host_names_clash_and_swap(told_world: World) -> None:
    _check(told_world, _TwoMacsOfOneName, _TwoMacsThatSwapTheirNames, _ANameThatAForeignDeviceHas)


@pytest.mark.dialects("strategy")
def test_failure_10_the_winner_of_twins_is_the_same_in_ten_runs(told_world: World) -> None:
    _check(told_world, _TwinsThatBothCheckIn)
    (story,) = [story for story in _STORIES if isinstance(story, _TwinsThatBothCheckIn)]
    winner = device(told_world, "C02TWINS0010")["hostname"]
    before, links = stored_rows(told_world), mappings(told_world, "computer")
    conflicts = told_world.query("select * from jamf_sync.conflicts order by conflict_id")

    for number in range(_RUNS_WITH_TWINS):
        told_world.fleet.now += timedelta(hours=6)
        story.check_in(told_world, story.twins[number % 2])
        slot = slot_key_at(datetime.now(UTC))
        assert told_world.materialize(*_ABOUT_DEVICES, slot=slot).success
        assert device(told_world, "C02TWINS0010")["hostname"] == winner
        assert_counts_add_up(told_world)

    assert stored_rows(told_world) == before
    assert mappings(told_world, "computer") == links
    assert told_world.query("select * from jamf_sync.conflicts order by conflict_id") == conflicts
