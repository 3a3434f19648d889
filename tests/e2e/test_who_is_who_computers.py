"""Who a computer is, by evidence: ids handed out anew, hardware that is replaced, serial numbers that are shared.

Each case happened to somebody; beside each stands a neighbour that looks alike and must end otherwise.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from moss_jamf_pipeline.simulator import Computer
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    devices,
    finding,
    furnish,
    insert_device,
    last_message,
    mapping,
    mappings,
    set_policies,
    stored_rows,
)
from tests.support.world import World

pytestmark = pytest.mark.every_dialect

_MANY = 700
_M1 = {"model": "MacBook Pro (13-inch, M1, 2020)"}
_M4 = {"model": "MacBook Pro (14-inch, Nov 2024)"}
_RESTORED = "This looks like another or a restored JAMF server"


class _Mac(NamedTuple):
    """A machine: what stays with it, whatever record JAMF has of it."""

    number: int
    serial_number: str

    @property
    def udid(self) -> str:
        return f"AAAAAAAA-0000-4000-8000-{self.number:012d}"

    def enrol(self, world: World, jamf_id: str, *, times: int = 1, **hardware: str) -> Computer:
        """Adds its record; each enrolment has a management id of its own."""
        name = f"u{self.number}"
        record = add_mac(
            world,
            jamf_id,
            self.serial_number,
            udid=self.udid,
            user={"username": name, "email": f"{name}@example.org"},
            hardware=hardware or _M1,
            name=f"mac-of-{self.number}",
            managementId=f"bbbbbbbb-{times:04d}-4000-8000-{self.number:012d}",
            assetTag=f"T{self.number}",
        )
        record.mac_address = f"A0:B0:C0:00:{self.number >> 8:02X}:{self.number & 255:02X}"
        record.alt_mac_address = None
        return record


def _macs(*numbers: int) -> list[_Mac]:
    return [_Mac(number, f"C02WHO{number:06d}") for number in numbers]


def _exchange(world: World, records: dict[str, _Mac]) -> None:
    """JAMF hands its ids out anew: these records are these machines from now on."""
    for jamf_id in records:
        if jamf_id in world.fleet.computers:
            world.fleet.remove_computer(jamf_id)
    for jamf_id, mac in records.items():
        mac.enrol(world, jamf_id, times=2)


def _heard_of(record: Computer, moment: datetime) -> None:
    record.last_contact = record.last_check_in = record.report_date = int(moment.timestamp() * 1000)


def _note_each(world: World) -> None:
    """People write on every device what is theirs."""
    world.execute("update devices set notes = 'of ' || serial_number")


def _conflicts(world: World) -> list[tuple[str, str | None]]:
    """Kind and JAMF id of every open conflict."""
    rows = world.query(
        "select kind, external_id from jamf_sync.conflicts where status = 'open' order by kind, external_id"
    )
    return [(row["kind"], row["external_id"]) for row in rows]


def _linked_serial(world: World, jamf_id: str) -> str | None:
    """The serial number of the device that a record is linked to."""
    link = mapping(world, "computer", jamf_id)
    if link is None:
        return None
    return {row["id"]: serial for serial, row in devices(world).items()}.get(link["internal_id"])


def _assert_each_keeps_its_own(world: World, macs: Sequence[_Mac]) -> None:
    found = devices(world)
    assert set(found) == {mac.serial_number for mac in macs}
    for mac in macs:
        row = found[mac.serial_number]
        assert (row["asset_tag"], row["notes"], row["hostname"], row["person"]) == (
            f"T{mac.number}",
            f"of {mac.serial_number}",
            f"mac-of-{mac.number}",
            f"u{mac.number}",
        )


@pytest.fixture
def furnished(world: World) -> World:
    """A world in which JAMF has a user and a group."""
    furnish(world)
    return world


# -- I1: record ids handed out anew ------------------------------------------------------------


def test_case_i01_two_exchanged_ids_move_the_links_and_nothing_else(furnished: World) -> None:
    one, two = macs = _macs(1, 2)
    one.enrol(furnished, "1")
    two.enrol(furnished, "2")
    furnished.sync()
    _note_each(furnished)
    ids = {serial: row["id"] for serial, row in devices(furnished).items()}

    _exchange(furnished, {"1": two, "2": one})
    furnished.sync()

    _assert_each_keeps_its_own(furnished, macs)
    assert {serial: row["id"] for serial, row in devices(furnished).items()} == ids
    assert _linked_serial(furnished, "1") == two.serial_number
    assert _linked_serial(furnished, "2") == one.serial_number
    assert _conflicts(furnished) == []
    assert_calm(furnished)


def test_case_i01_ids_that_wander_in_a_circle_are_followed(furnished: World) -> None:
    macs = _macs(1, 2, 3, 4)
    for number, mac in enumerate(macs, start=1):
        mac.enrol(furnished, str(number))
    furnished.sync()
    _note_each(furnished)

    # A chain that ends at a new id, and a circle of three beside it would be five; the guard lets five pass.
    _exchange(furnished, {"1": macs[1], "2": macs[2], "3": macs[3], "4": macs[0]})
    furnished.sync()

    _assert_each_keeps_its_own(furnished, macs)
    assert [_linked_serial(furnished, str(number)) for number in (1, 2, 3, 4)] == [
        macs[place].serial_number for place in (1, 2, 3, 0)
    ]
    assert _conflicts(furnished) == []
    assert_calm(furnished)


def test_case_i01_a_swapped_serial_number_is_no_swapped_record(furnished: World) -> None:
    """The neighbour: the machines stay, and JAMF corrects what it took for their serial numbers."""
    one, two = _macs(1, 2)
    first, second = one.enrol(furnished, "1"), two.enrol(furnished, "2")
    furnished.sync()
    first.serial_number, second.serial_number = two.serial_number, one.serial_number
    furnished.sync()

    assert device(furnished, two.serial_number)["hostname"] == "mac-of-1"
    assert device(furnished, one.serial_number)["hostname"] == "mac-of-2"
    assert _conflicts(furnished) == [("serial_changed", "1"), ("serial_changed", "2")]
    assert_calm(furnished)


def test_case_i01_a_restored_server_is_held_whole_until_approved(furnished: World) -> None:
    macs = _macs(*range(1, _MANY + 1))
    for number, mac in enumerate(macs, start=1):
        mac.enrol(furnished, str(number))
    furnished.sync()
    _note_each(furnished)
    before = stored_rows(furnished)

    _exchange(furnished, {str(number): mac for number, mac in enumerate(reversed(macs), start=1)})
    run = furnished.sync()

    assert stored_rows(furnished) == before
    _assert_each_keeps_its_own(furnished, macs)
    told = finding(run, "guarded_plan", "nothing_is_held").told or ""
    sentence = f"The JAMF ids of {_MANY} of {_MANY} linked devices belong to others by now"
    for text in (told, last_message(furnished)):
        assert sentence in text
        assert _RESTORED in text
    assert furnished.history()[-1]["status"] == "partial"
    assert _conflicts(furnished) == []
    assert_counts_add_up(furnished)

    # The same is seen next time: what is held is no evidence.
    furnished.sync()
    assert stored_rows(furnished) == before

    (plan,) = furnished.query("select max(plan_id) as plan_id from jamf_sync.plans")
    assert furnished.apply(plan["plan_id"], "relink").success
    _assert_each_keeps_its_own(furnished, macs)
    assert _linked_serial(furnished, "1") == macs[-1].serial_number
    assert {status for _, status in mappings(furnished, "computer").values()} == {"synced"}
    assert_calm(furnished)


# -- I2: an id that is a wholly other Mac --------------------------------------------------------


def test_case_i02_an_id_of_a_wholly_other_mac_is_a_new_device(furnished: World) -> None:
    old, new = macs = _macs(5, 6)
    old.enrol(furnished, "5")
    furnished.sync()
    _note_each(furnished)

    _exchange(furnished, {"5": new})
    furnished.sync()

    found = devices(furnished)
    assert set(found) == {mac.serial_number for mac in macs}
    assert found[old.serial_number]["notes"] == f"of {old.serial_number}"
    assert found[old.serial_number]["asset_tag"] == "T5"
    assert found[old.serial_number]["person"] == "u5"
    assert found[old.serial_number]["enrollment"] == "unenrolled"
    assert found[new.serial_number]["asset_tag"] == "T6"
    assert found[new.serial_number]["enrollment"] == "enrolled"
    assert _linked_serial(furnished, "5") == new.serial_number
    assert _conflicts(furnished) == [("id_reused", "5")]
    (conflict,) = furnished.query("select detail from jamf_sync.conflicts")
    assert (
        f"the serial number was {old.serial_number} and is now {new.serial_number}"
        in conflict["detail"]
    )
    assert_calm(furnished)
    assert _conflicts(furnished) == [("id_reused", "5")]


def test_case_i02_the_old_mac_comes_back_under_another_id(furnished: World) -> None:
    """The neighbour: what was left behind is found again by its hardware, with all it has."""
    old, new = macs = _macs(5, 6)
    old.enrol(furnished, "5")
    furnished.sync()
    _note_each(furnished)
    _exchange(furnished, {"5": new})
    furnished.sync()
    _note_each(furnished)

    old.enrol(furnished, "7", times=3)
    furnished.sync()

    _assert_each_keeps_its_own(furnished, macs)
    assert device(furnished, old.serial_number)["enrollment"] == "enrolled"
    assert _linked_serial(furnished, "7") == old.serial_number
    assert set(mappings(furnished, "computer")) == {"5", "7"}
    assert _conflicts(furnished) == []
    assert_calm(furnished)


# -- I3: replaced hardware -----------------------------------------------------------------------


def test_case_i03_replaced_hardware_is_another_device(furnished: World) -> None:
    (old,) = _macs(191)
    record = old.enrol(furnished, "191")
    furnished.sync()
    _note_each(furnished)

    record.serial_number, record.mac_address = "C02WHONEW191", "A0:B0:C0:01:00:00"
    record.name = "mac-of-192"
    furnished.fleet.update_computer("191", {"hardware": _M4, "general": {"assetTag": None}})
    furnished.sync()

    found = devices(furnished)
    assert set(found) == {old.serial_number, "C02WHONEW191"}
    assert (found[old.serial_number]["asset_tag"], found[old.serial_number]["notes"]) == (
        "T191",
        f"of {old.serial_number}",
    )
    assert found[old.serial_number]["enrollment"] == "unenrolled"
    assert found["C02WHONEW191"]["asset_tag"] is None
    assert found["C02WHONEW191"]["model"] == _M4["model"]
    assert _linked_serial(furnished, "191") == "C02WHONEW191"
    assert _conflicts(furnished) == [("hardware_replaced", "191")]
    (conflict,) = furnished.query("select * from jamf_sync.conflicts")
    assert conflict["object_id"] == found[old.serial_number]["id"]
    assert {old.serial_number, "C02WHONEW191"} <= set(conflict["detail"].replace(")", " ").split())
    assert_calm(furnished)


def test_case_i03_a_new_logic_board_of_the_same_model_is_the_same_device(furnished: World) -> None:
    (mac,) = _macs(191)
    record = mac.enrol(furnished, "191")
    furnished.sync()
    _note_each(furnished)

    record.serial_number = "C02WHONEW191"
    furnished.sync()

    found = device(furnished, "C02WHONEW191")
    assert (found["asset_tag"], found["notes"]) == ("T191", f"of {mac.serial_number}")
    assert set(devices(furnished)) == {"C02WHONEW191"}
    assert _conflicts(furnished) == [("serial_changed", "191")]
    (conflict,) = furnished.query("select detail from jamf_sync.conflicts")
    assert "UDID and management id agree" in conflict["detail"]
    assert_calm(furnished)
    assert _conflicts(furnished) == [("serial_changed", "191")]


def test_too_many_changed_serial_numbers_are_held_with_all_else_of_their_devices(
    furnished: World,
) -> None:
    macs = _macs(*range(1, 7))
    records = [mac.enrol(furnished, str(mac.number)) for mac in macs]
    furnished.sync()
    _note_each(furnished)
    before = stored_rows(furnished)

    for record in records:
        record.serial_number = f"C02NEWBOARD{record.id}"
        record.name = f"renamed-{record.id}"
    furnished.sync()

    assert stored_rows(furnished) == before
    assert "6 of 6 linked devices would get another serial number" in last_message(furnished)
    assert _conflicts(furnished) == []
    furnished.sync()
    assert stored_rows(furnished) == before

    (plan,) = furnished.query("select max(plan_id) as plan_id from jamf_sync.plans")
    assert furnished.apply(plan["plan_id"], "reserial").success
    assert {row["hostname"] for row in devices(furnished).values()} == {
        f"renamed-{mac.number}" for mac in macs
    }
    assert set(devices(furnished)) == {f"C02NEWBOARD{mac.number}" for mac in macs}
    assert_calm(furnished)


# -- I6: a link to a device that is gone -----------------------------------------------------------


def test_case_i06_a_device_that_was_entered_again_is_linked_again(furnished: World) -> None:
    (mac,) = _macs(6)
    mac.enrol(furnished, "6")
    furnished.sync()
    before = mapping(furnished, "computer", "6")
    furnished.execute("delete from devices")
    furnished.sync()
    link = mapping(furnished, "computer", "6")
    assert link is not None
    assert link["sync_status"] == "deleted_internal"
    entered = insert_device(furnished, mac.serial_number, notes="entered again")

    furnished.sync()

    after = mapping(furnished, "computer", "6")
    assert before is not None
    assert after is not None
    assert (after["id"], str(after["internal_id"])) == (before["id"], entered)
    assert device(furnished, mac.serial_number)["notes"] == "entered again"
    assert _conflicts(furnished) == [("linked_again", "6")]
    assert_calm(furnished)
    assert _conflicts(furnished) == [("linked_again", "6")]


def test_case_i06_a_device_that_stays_deleted_stays_deleted(furnished: World) -> None:
    (mac,) = _macs(6)
    mac.enrol(furnished, "6")
    furnished.sync()
    furnished.execute("delete from devices")
    insert_device(furnished, "C02ANOTHER06")

    for _ in range(2):
        furnished.sync()

    assert set(devices(furnished)) == {"C02ANOTHER06"}
    link = mapping(furnished, "computer", "6")
    assert link is not None
    assert link["sync_status"] == "deleted_internal"
    assert _conflicts(furnished) == []


def test_case_i06_an_id_of_a_deleted_device_that_is_another_mac_is_a_new_device(
    furnished: World,
) -> None:
    old, new = _macs(6, 7)
    old.enrol(furnished, "6")
    furnished.sync()
    furnished.execute("delete from devices")
    furnished.sync()

    _exchange(furnished, {"6": new})
    furnished.sync()

    assert set(devices(furnished)) == {new.serial_number}
    assert _linked_serial(furnished, "6") == new.serial_number
    assert_calm(furnished)


# -- I7: serial numbers whose case means something --------------------------------------------------


def test_case_i07_serial_numbers_that_differ_in_case_are_two_devices(furnished: World) -> None:
    add_mac(furnished, "101", "VM5vodACsc+k", udid=_Mac(101, "").udid, name="one")
    furnished.sync()
    # The second one comes later: it is no twin, nor does the first one's device keep it out.
    add_mac(furnished, "102", "VM5VODacSC+K", udid=_Mac(102, "").udid, name="two")

    furnished.sync()

    found = devices(furnished)
    assert {serial: row["hostname"] for serial, row in found.items()} == {
        "VM5vodACsc+k": "one",
        "VM5VODacSC+K": "two",
    }
    assert _linked_serial(furnished, "101") == "VM5vodACsc+k"
    assert _linked_serial(furnished, "102") == "VM5VODacSC+K"
    assert _conflicts(furnished) == []
    assert_calm(furnished)


# -- I9: times that lie in the future ----------------------------------------------------------------


def _twins(world: World, *, contacts: Sequence[timedelta]) -> list[Computer]:
    """Records of one Mac, last heard of so long before now."""
    (mac,) = _macs(9)
    records = []
    for number, ago in enumerate(contacts, start=1):
        record = mac.enrol(world, str(90 + number), times=number)
        record.name = f"twin-{number}"
        _heard_of(record, datetime.now(UTC) - ago)
        records.append(record)
    return records


@pytest.mark.parametrize("years", [57, 3225], ids=["2083", "5251"])
def test_case_i09_a_contact_in_the_future_wins_nothing(furnished: World, years: int) -> None:
    _twins(furnished, contacts=[timedelta(days=-365 * years), timedelta(days=1)])

    furnished.sync()

    (mac,) = _macs(9)
    assert device(furnished, mac.serial_number)["hostname"] == "twin-2"
    assert _conflicts(furnished) == [("twin_record", "91")]
    assert_calm(furnished)


def test_case_i09_a_clock_that_is_hours_ahead_is_believed(furnished: World) -> None:
    _twins(furnished, contacts=[timedelta(hours=-5), timedelta(days=1)])

    furnished.sync()

    (mac,) = _macs(9)
    assert device(furnished, mac.serial_number)["hostname"] == "twin-1"


# -- one serial number, several machines ---------------------------------------------------------------


def test_two_living_macs_of_one_serial_number_are_told_as_two_and_never_flip(
    furnished: World,
) -> None:
    one = add_mac(furnished, "1", "C02SHARED001", udid=_Mac(1, "").udid, name="first")
    furnished.sync()
    other = add_mac(furnished, "2", "C02SHARED001", udid=_Mac(2, "").udid, name="second")
    for days in range(4):
        # Each is heard of days after the other, in turn.
        _heard_of((one, other)[days % 2], furnished.fleet.now + timedelta(days=3 * days - 20))
        furnished.sync()
        assert device(furnished, "C02SHARED001")["hostname"] == "first"

    assert _conflicts(furnished) == [("shared_serial", "2")]
    (conflict,) = furnished.query("select detail from jamf_sync.conflicts")
    assert "Delete neither" in conflict["detail"]


def test_the_record_of_a_former_logic_board_that_falls_silent_gives_way(furnished: World) -> None:
    old = add_mac(furnished, "1", "C02SHARED001", udid=_Mac(1, "").udid, name="old board")
    _heard_of(old, furnished.fleet.now - timedelta(days=31))
    furnished.sync()
    before = device(furnished, "C02SHARED001")["id"]
    new = add_mac(furnished, "2", "C02SHARED001", udid=_Mac(2, "").udid, name="new board")
    _heard_of(new, furnished.fleet.now)

    furnished.sync()

    found = device(furnished, "C02SHARED001")
    assert (found["id"], found["hostname"]) == (before, "new board")
    assert _conflicts(furnished) == [("twin_record", "1")]
    assert_calm(furnished)


# -- serial numbers as people type them ------------------------------------------------------------------


def test_a_hand_typed_serial_number_is_found_whatever_its_case(furnished: World) -> None:
    entered = insert_device(furnished, " c02who000001", notes="typed")
    set_policies(furnished, on_unlinked_serial="adopt")
    (mac,) = _macs(1)
    mac.enrol(furnished, "1")

    furnished.sync()

    assert str(device(furnished, mac.serial_number)["id"]) == entered
    assert_calm(furnished)
