"""Who a computer is, by evidence: ids handed out anew, hardware that is replaced, serial numbers that are shared.

Each case happened to somebody; beside each stands a neighbour that looks alike and must end otherwise. They are lived
side by side in one world, in which no guard holds anything; what a guard holds of them is told at the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.simulator import Computer
from tests.e2e.conftest import SeparateWorld
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
from tests.e2e.stories import Life, Lives
from tests.support.world import Row, World

_MANY = 150
_M1 = {"model": "MacBook Pro (13-inch, M1, 2020)"}
_M4 = {"model": "MacBook Pro (14-inch, Nov 2024)"}
_RESTORED = "This looks like another or a restored JAMF server"
_NO_GUARD = {kind.value: None for kind in GuardKind}
_LIVES = Lives()


@pytest.fixture(scope="module")
def lived(separate_world: SeparateWorld) -> Iterator[Mapping[str, Exception | None]]:
    """How each case ended."""
    with separate_world() as world:
        furnish(world)
        set_policies(world, guard=_NO_GUARD)
        yield _LIVES.live(world)


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
    """People write on every device that has no note of theirs what is theirs."""
    world.execute("update devices set notes = 'of ' || serial_number where notes not like 'of %%'")


def _told(world: World, *jamf_ids: str) -> list[tuple[str, str, str]]:
    """Kind, JAMF id and detail of every open conflict on these records."""
    rows = world.query(
        "select kind, external_id, detail from jamf_sync.conflicts where status = 'open'"
        " and external_id = any (%s) order by kind, external_id",
        [list(jamf_ids)],
    )
    return [(row["kind"], row["external_id"], row["detail"]) for row in rows]


def _conflicts(world: World, *jamf_ids: str) -> list[tuple[str, str]]:
    """Kind and JAMF id of every open conflict on these records."""
    return [(kind, jamf_id) for kind, jamf_id, _ in _told(world, *jamf_ids)]


def _linked_serial(world: World, jamf_id: str) -> str | None:
    """The serial number of the device that a record is linked to."""
    link = mapping(world, "computer", jamf_id)
    if link is None:
        return None
    return {row["id"]: serial for serial, row in devices(world).items()}.get(link["internal_id"])


def _found(world: World, *serial_numbers: str) -> dict[str, Row]:
    """The devices of these serial numbers that M.O.S.S. has."""
    found = devices(world)
    return {serial: found[serial] for serial in serial_numbers if serial in found}


def _assert_each_keeps_its_own(world: World, macs: Sequence[_Mac]) -> None:
    found = devices(world)
    for mac in macs:
        row = found[mac.serial_number]
        assert (row["asset_tag"], row["notes"], row["hostname"], row["person"]) == (
            f"T{mac.number}",
            f"of {mac.serial_number}",
            f"mac-of-{mac.number}",
            f"u{mac.number}",
        )


# -- I1: record ids handed out anew ------------------------------------------------------------


@_LIVES.case
def test_case_i01_two_exchanged_ids_move_the_links_and_nothing_else(world: World) -> Life:
    one, two = macs = _macs(111, 112)
    one.enrol(world, "111")
    two.enrol(world, "112")
    yield
    _note_each(world)
    ids = {mac: device(world, mac.serial_number)["id"] for mac in macs}
    _exchange(world, {"111": two, "112": one})
    yield

    _assert_each_keeps_its_own(world, macs)
    assert {mac: device(world, mac.serial_number)["id"] for mac in macs} == ids
    assert _linked_serial(world, "111") == two.serial_number
    assert _linked_serial(world, "112") == one.serial_number
    assert _conflicts(world, "111", "112") == []


@_LIVES.case
def test_case_i01_ids_that_wander_in_a_circle_are_followed(world: World) -> Life:
    macs = _macs(121, 122, 123, 124)
    for mac in macs:
        mac.enrol(world, str(mac.number))
    yield
    _note_each(world)
    _exchange(world, {"121": macs[1], "122": macs[2], "123": macs[3], "124": macs[0]})
    yield

    _assert_each_keeps_its_own(world, macs)
    assert [_linked_serial(world, str(mac.number)) for mac in macs] == [
        macs[place].serial_number for place in (1, 2, 3, 0)
    ]
    assert _conflicts(world, "121", "122", "123", "124") == []


@_LIVES.case
def test_case_i01_a_swapped_serial_number_is_no_swapped_record(world: World) -> Life:
    """The neighbour: the machines stay, and JAMF corrects what it took for their serial numbers."""
    one, two = _macs(131, 132)
    first, second = one.enrol(world, "131"), two.enrol(world, "132")
    yield
    first.serial_number, second.serial_number = two.serial_number, one.serial_number
    yield

    assert device(world, two.serial_number)["hostname"] == "mac-of-131"
    assert device(world, one.serial_number)["hostname"] == "mac-of-132"
    assert _conflicts(world, "131", "132") == [("serial_changed", "131"), ("serial_changed", "132")]


# -- I2: an id that is a wholly other Mac --------------------------------------------------------


@_LIVES.case
def test_case_i02_an_id_of_a_wholly_other_mac_is_a_new_device(world: World) -> Life:
    old, new = _macs(205, 206)
    old.enrol(world, "205")
    yield
    _note_each(world)
    _exchange(world, {"205": new})
    yield

    for _ in range(2):
        found = _found(world, old.serial_number, new.serial_number)
        assert found[old.serial_number]["notes"] == f"of {old.serial_number}"
        assert found[old.serial_number]["asset_tag"] == "T205"
        assert found[old.serial_number]["person"] == "u205"
        assert found[old.serial_number]["enrollment"] == "unenrolled"
        assert found[new.serial_number]["asset_tag"] == "T206"
        assert found[new.serial_number]["enrollment"] == "enrolled"
        assert _linked_serial(world, "205") == new.serial_number
        ((kind, _, detail),) = _told(world, "205")
        assert kind == "id_reused"
        assert f"the serial number was {old.serial_number} and is now {new.serial_number}" in detail
        yield


@_LIVES.case
def test_case_i02_the_old_mac_comes_back_under_another_id(world: World) -> Life:
    """The neighbour: what was left behind is found again by its hardware, with all it has."""
    old, new = macs = _macs(215, 216)
    old.enrol(world, "215")
    yield
    _note_each(world)
    _exchange(world, {"215": new})
    yield
    _note_each(world)
    old.enrol(world, "217", times=3)
    yield

    _assert_each_keeps_its_own(world, macs)
    assert device(world, old.serial_number)["enrollment"] == "enrolled"
    assert _linked_serial(world, "215") == new.serial_number
    assert _linked_serial(world, "217") == old.serial_number
    assert _conflicts(world, "215", "217") == []


# -- I3: replaced hardware -----------------------------------------------------------------------


@_LIVES.case
def test_case_i03_replaced_hardware_is_another_device(world: World) -> Life:
    (old,) = _macs(301)
    record = old.enrol(world, "301")
    yield
    _note_each(world)
    record.serial_number, record.mac_address = "C02WHONEW301", "A0:B0:C0:F1:00:00"
    record.name = "mac-of-302"
    world.fleet.update_computer("301", {"hardware": _M4, "general": {"assetTag": None}})
    yield

    found = _found(world, old.serial_number, "C02WHONEW301")
    assert (found[old.serial_number]["asset_tag"], found[old.serial_number]["notes"]) == (
        "T301",
        f"of {old.serial_number}",
    )
    assert found[old.serial_number]["enrollment"] == "unenrolled"
    assert found["C02WHONEW301"]["asset_tag"] is None
    assert found["C02WHONEW301"]["model"] == _M4["model"]
    assert _linked_serial(world, "301") == "C02WHONEW301"
    ((kind, _, detail),) = _told(world, "301")
    assert kind == "hardware_replaced"
    assert {old.serial_number, "C02WHONEW301"} <= set(detail.replace(")", " ").split())
    (conflict,) = world.query("select object_id from jamf_sync.conflicts where external_id = '301'")
    assert conflict["object_id"] == found[old.serial_number]["id"]


@_LIVES.case
def test_case_i03_a_new_logic_board_of_the_same_model_is_the_same_device(world: World) -> Life:
    (mac,) = _macs(311)
    record = mac.enrol(world, "311")
    yield
    _note_each(world)
    record.serial_number = "C02WHONEW311"
    yield

    for _ in range(2):
        found = _found(world, mac.serial_number, "C02WHONEW311")
        assert set(found) == {"C02WHONEW311"}
        assert (found["C02WHONEW311"]["asset_tag"], found["C02WHONEW311"]["notes"]) == (
            "T311",
            f"of {mac.serial_number}",
        )
        ((kind, _, detail),) = _told(world, "311")
        assert kind == "serial_changed"
        assert "UDID and management id agree" in detail
        yield


# -- I6: a link to a device that is gone -----------------------------------------------------------


@_LIVES.case
def test_case_i06_a_device_that_was_entered_again_is_linked_again(world: World) -> Life:
    (mac,) = _macs(601)
    mac.enrol(world, "601")
    yield
    before = mapping(world, "computer", "601")
    world.execute("delete from devices where serial_number = %s", [mac.serial_number])
    yield
    link = mapping(world, "computer", "601")
    assert link is not None
    assert link["sync_status"] == "deleted_internal"
    entered = insert_device(world, mac.serial_number, notes="entered again")
    yield

    for _ in range(2):
        after = mapping(world, "computer", "601")
        assert before is not None
        assert after is not None
        assert (after["id"], str(after["internal_id"])) == (before["id"], entered)
        assert device(world, mac.serial_number)["notes"] == "entered again"
        assert _conflicts(world, "601") == [("linked_again", "601")]
        yield


@_LIVES.case
def test_case_i06_a_device_that_stays_deleted_stays_deleted(world: World) -> Life:
    (mac,) = _macs(611)
    mac.enrol(world, "611")
    yield
    world.execute("delete from devices where serial_number = %s", [mac.serial_number])
    insert_device(world, "C02ANOTHER611")
    yield

    for _ in range(2):
        assert set(_found(world, mac.serial_number, "C02ANOTHER611")) == {"C02ANOTHER611"}
        link = mapping(world, "computer", "611")
        assert link is not None
        assert link["sync_status"] == "deleted_internal"
        assert _conflicts(world, "611") == []
        yield


@_LIVES.case
def test_case_i06_an_id_of_a_deleted_device_that_is_another_mac_is_a_new_device(
    world: World,
) -> Life:
    old, new = _macs(621, 622)
    old.enrol(world, "621")
    yield
    world.execute("delete from devices where serial_number = %s", [old.serial_number])
    yield
    _exchange(world, {"621": new})
    yield

    assert set(_found(world, old.serial_number, new.serial_number)) == {new.serial_number}
    assert _linked_serial(world, "621") == new.serial_number


# -- I7: serial numbers whose case means something --------------------------------------------------


@_LIVES.case
def test_case_i07_serial_numbers_that_differ_in_case_are_two_devices(world: World) -> Life:
    add_mac(world, "701", "VM5vodACsc+k", udid=_Mac(701, "").udid, name="vm-one")
    yield
    # The second one comes later: it is no twin, nor does the first one's device keep it out.
    add_mac(world, "702", "VM5VODacSC+K", udid=_Mac(702, "").udid, name="vm-two")
    yield

    found = _found(world, "VM5vodACsc+k", "VM5VODacSC+K")
    assert {serial: row["hostname"] for serial, row in found.items()} == {
        "VM5vodACsc+k": "vm-one",
        "VM5VODacSC+K": "vm-two",
    }
    assert _linked_serial(world, "701") == "VM5vodACsc+k"
    assert _linked_serial(world, "702") == "VM5VODacSC+K"
    assert _conflicts(world, "701", "702") == []


# -- I9: times that lie in the future ----------------------------------------------------------------


def _twins(world: World, mac: _Mac, *contacts: timedelta) -> None:
    """Records of one Mac, last heard of so long before now."""
    for number, ago in enumerate(contacts, start=1):
        record = mac.enrol(world, f"{mac.number}{number}", times=number)
        record.name = f"twin-{mac.number}-{number}"
        _heard_of(record, datetime.now(UTC) - ago)


def _the_second_wins(world: World, mac: _Mac) -> None:
    assert device(world, mac.serial_number)["hostname"] == f"twin-{mac.number}-2"
    first, second = f"{mac.number}1", f"{mac.number}2"
    assert _conflicts(world, first, second) == [("twin_record", first)]


@_LIVES.case
def test_case_i09_a_contact_in_the_year_2083_wins_nothing(world: World) -> Life:
    (mac,) = _macs(901)
    _twins(world, mac, timedelta(days=-365 * 57), timedelta(days=1))
    yield
    _the_second_wins(world, mac)


@_LIVES.case
def test_case_i09_a_contact_in_the_year_5251_wins_nothing(world: World) -> Life:
    (mac,) = _macs(902)
    _twins(world, mac, timedelta(days=-365 * 3225), timedelta(days=1))
    yield
    _the_second_wins(world, mac)


@_LIVES.case
def test_case_i09_a_clock_that_is_hours_ahead_is_believed(world: World) -> Life:
    (mac,) = _macs(903)
    _twins(world, mac, timedelta(hours=-5), timedelta(days=1))
    yield
    assert device(world, mac.serial_number)["hostname"] == "twin-903-1"


# -- one serial number, several machines ---------------------------------------------------------------


@_LIVES.case
def test_two_living_macs_of_one_serial_number_are_told_as_two_and_never_flip(world: World) -> Life:
    one = add_mac(world, "1001", "C02SHARED001", udid=_Mac(1001, "").udid, name="first")
    yield
    other = add_mac(world, "1002", "C02SHARED001", udid=_Mac(1002, "").udid, name="second")
    for days in range(4):
        # Each is heard of days after the other, in turn.
        _heard_of((one, other)[days % 2], world.fleet.now + timedelta(days=3 * days - 20))
        yield
        assert device(world, "C02SHARED001")["hostname"] == "first"

    ((kind, jamf_id, detail),) = _told(world, "1001", "1002")
    assert (kind, jamf_id) == ("shared_serial", "1002")
    assert "Delete neither" in detail


@_LIVES.case
def test_the_record_of_a_former_logic_board_that_falls_silent_gives_way(world: World) -> Life:
    old = add_mac(world, "1011", "C02SHARED011", udid=_Mac(1011, "").udid, name="old board")
    _heard_of(old, world.fleet.now - timedelta(days=31))
    yield
    before = device(world, "C02SHARED011")["id"]
    new = add_mac(world, "1012", "C02SHARED011", udid=_Mac(1012, "").udid, name="new board")
    _heard_of(new, world.fleet.now)
    yield

    found = device(world, "C02SHARED011")
    assert (found["id"], found["hostname"]) == (before, "new board")
    assert _conflicts(world, "1011", "1012") == [("twin_record", "1011")]


# -- serial numbers as people type them ------------------------------------------------------------------


@_LIVES.case
def test_a_hand_typed_serial_number_is_found_whatever_its_case(world: World) -> Life:
    entered = insert_device(world, " c02who001101", notes="typed")
    (mac,) = _macs(1101)
    mac.enrol(world, "1101")
    yield
    assert str(device(world, mac.serial_number)["id"]) == entered


# -- what the guard holds ---------------------------------------------------------------------------------


@pytest.fixture
def furnished(world: World) -> World:
    """A world in which JAMF has a user and a group."""
    furnish(world)
    return world


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
    assert _conflicts(furnished, *(str(mac.number) for mac in macs)) == []
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
    assert _conflicts(furnished, *(record.id for record in records)) == []
    furnished.sync()
    assert stored_rows(furnished) == before

    (plan,) = furnished.query("select max(plan_id) as plan_id from jamf_sync.plans")
    assert furnished.apply(plan["plan_id"], "reserial").success
    assert {row["hostname"] for row in devices(furnished).values()} == {
        f"renamed-{mac.number}" for mac in macs
    }
    assert set(devices(furnished)) == {f"C02NEWBOARD{mac.number}" for mac in macs}
    assert_calm(furnished)
