"""Case by case: which device a JAMF computer is, and what becomes of it."""

from collections.abc import Iterator

import pytest

from moss_jamf_pipeline.simulator import Computer, Fleet, SimulatorConfig
from tests.e2e.conftest import SeparateWorld, WorldMaker
from tests.e2e.inventory import (
    actions,
    add_mac,
    assert_calm,
    device,
    devices,
    furnish,
    insert,
    insert_device,
    mapping,
    mappings,
    set_policies,
)
from tests.e2e.stories import Story, told
from tests.support.world import Row, World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")


def _conflicts_of(world: World, jamf_id: str) -> list[str]:
    rows = world.query(
        "select kind from jamf_sync.conflicts where status = 'open' and object_type = 'device' and external_id = %s",
        [jamf_id],
    )
    return sorted(row["kind"] for row in rows)


def _linked_device(world: World, jamf_id: str) -> str | None:
    link = mapping(world, "computer", jamf_id)
    return None if link is None else str(link["internal_id"])


class ACorrectedSerialNumberIsTakenOver(Story):
    computer: Computer
    device_id: str

    def begin(self, world: World) -> None:
        self.computer = add_mac(world, "10", "C02WRONG0010")

    def meanwhile(self, world: World) -> None:
        self.device_id = str(device(world, "C02WRONG0010")["id"])
        self.computer.serial_number = "C02RIGHT0010"

    def check(self, world: World) -> None:
        assert (
            str(device(world, "C02RIGHT0010")["id"])
            == self.device_id
            == _linked_device(world, "10")
        )
        assert "C02WRONG0010" not in devices(world)
        assert _conflicts_of(world, "10") == ["serial_changed"]


class ASerialNumberThatAnotherDeviceHasIsNotTakenOver(Story):
    computer: Computer
    other: str

    def begin(self, world: World) -> None:
        self.computer = add_mac(world, "20", "C02OLD000020")
        self.other = insert_device(world, "C02TAKEN0020", hostname="not in JAMF")

    def meanwhile(self, _: World) -> None:
        self.computer.serial_number = "C02TAKEN0020"
        self.computer.name = "renamed"

    def check(self, world: World) -> None:
        assert device(world, "C02OLD000020")["hostname"] == "renamed"
        assert str(device(world, "C02TAKEN0020")["id"]) == self.other
        assert device(world, "C02TAKEN0020")["hostname"] == "not in JAMF"
        assert _conflicts_of(world, "20") == ["serial_taken"]


class SerialNumbersThatWereSwappedInJamfAreSwapped(Story):
    one: Computer
    two: Computer

    def begin(self, world: World) -> None:
        self.one = add_mac(world, "25", "C02SWAP00025")
        self.two = add_mac(world, "26", "C02SWAP00026")

    def meanwhile(self, _: World) -> None:
        self.one.serial_number, self.two.serial_number = "C02SWAP00026", "C02SWAP00025"

    def check(self, world: World) -> None:
        assert device(world, "C02SWAP00026")["hostname"] == "MAC-25"
        assert device(world, "C02SWAP00025")["hostname"] == "MAC-26"
        assert _conflicts_of(world, "25") == ["serial_changed"]


class ANewRecordOfAKnownUdidWithAnotherSerialNumberIsAnotherDevice(Story):
    device_id: str

    def begin(self, world: World) -> None:
        add_mac(world, "50", "C02WRONG0050", udid="11111111-0000-4000-8000-000000000050")

    def meanwhile(self, world: World) -> None:
        self.device_id = str(device(world, "C02WRONG0050")["id"])
        world.fleet.remove_computer("50")
        add_mac(world, "51", "C02RIGHT0050", udid="11111111-0000-4000-8000-000000000050")

    def check(self, world: World) -> None:
        assert _linked_device(world, "51") == str(device(world, "C02RIGHT0050")["id"])
        assert str(device(world, "C02WRONG0050")["id"]) == self.device_id
        assert device(world, "C02WRONG0050")["enrollment"] == "unenrolled"


class AHardwareIdThatTwoMacsCarryProvesNothing(Story):
    device_id: str

    def begin(self, world: World) -> None:
        add_mac(world, "55", "C02CLONE0055", udid="11111111-0000-4000-8000-000000000055")

    def meanwhile(self, world: World) -> None:
        self.device_id = str(device(world, "C02CLONE0055")["id"])
        world.fleet.remove_computer("55")
        add_mac(world, "56", "C02CLONE0056", udid="11111111-0000-4000-8000-000000000055")
        add_mac(world, "57", "C02CLONE0057", udid="11111111-0000-4000-8000-000000000055")

    def check(self, world: World) -> None:
        ids = {str(device(world, f"C02CLONE00{number}")["id"]) for number in (55, 56, 57)}
        assert len(ids) == 3
        assert mappings(world, "computer")["55"] == (self.device_id, "deleted_external")


class OfTwinsTheManagedOneWinsEvenIfTheOtherWasSeenLater(Story):
    def begin(self, world: World) -> None:
        managed = add_mac(world, "60", "C02TWIN00060")
        unmanaged = add_mac(world, "61", "C02TWIN00060")
        unmanaged.managed = False
        unmanaged.last_contact = (managed.last_contact or 0) + 3_600_000

    def check(self, world: World) -> None:
        assert device(world, "C02TWIN00060")["hostname"] == "MAC-60"
        assert _linked_device(world, "61") is None
        assert _conflicts_of(world, "61") == ["twin_record"]
        assert _conflicts_of(world, "60") == []


class OfManagedTwinsTheOneSeenLastWins(Story):
    def begin(self, world: World) -> None:
        later, earlier = add_mac(world, "62", "C02TWIN00062"), add_mac(world, "63", "C02TWIN00062")
        later.last_contact = (earlier.last_contact or 0) + 60_000

    def check(self, world: World) -> None:
        assert device(world, "C02TWIN00062")["hostname"] == "MAC-62"


class OfTwinsSeenAtTheSameTimeTheHighestIdWins(Story):
    def begin(self, world: World) -> None:
        computers = [add_mac(world, jamf_id, "C02TWIN00098 ") for jamf_id in ("98", "99", "100")]
        for computer in computers:
            computer.last_contact = 1_700_000_000_000

    def check(self, world: World) -> None:
        assert device(world, "C02TWIN00098")["hostname"] == "MAC-100"


class AMacThatLosesItsSerialNumberInJamfStaysEnrolled(Story):
    computer: Computer
    before: Row

    def begin(self, world: World) -> None:
        self.computer = add_mac(world, "75", "C02LOST00075")

    def meanwhile(self, world: World) -> None:
        self.before = device(world, "C02LOST00075")
        self.computer.serial_number, self.computer.name = None, "renamed"

    def check(self, world: World) -> None:
        assert device(world, "C02LOST00075") == self.before
        assert mappings(world, "computer")["75"] == (str(self.before["id"]), "synced")


class ADeviceDeletedInMossIsNotCreatedAgain(Story):
    device_id: str

    def begin(self, world: World) -> None:
        add_mac(world, "85", "C02GONE00085")

    def meanwhile(self, world: World) -> None:
        self.device_id = str(device(world, "C02GONE00085")["id"])
        world.execute("delete from devices where serial_number = 'C02GONE00085'")

    def check(self, world: World) -> None:
        assert "C02GONE00085" not in devices(world)
        assert mappings(world, "computer")["85"] == (self.device_id, "deleted_internal")


class AMacRemovedFromJamfIsMarkedUnenrolledAndNothingElse(Story):
    before: Row
    interfaces: list[Row]

    def begin(self, world: World) -> None:
        world.fleet.add_group("Leavers", group_id="90", members=())
        add_mac(world, "90", "C02LEFT00090", user={"username": "u90"}, assetTag="AT-90")
        world.fleet.assign_to_group("90", "90")

    def meanwhile(self, world: World) -> None:
        self.before = device(world, "C02LEFT00090")
        self.interfaces = self._interfaces(world)
        assert self.before["enrollment"] == "enrolled"
        world.fleet.remove_computer("90")

    def _interfaces(self, world: World) -> list[Row]:
        return world.query(
            "select *, xmin::text from public.ios where device_id = %s order by id",
            [self.before["id"]],
        )

    def check(self, world: World) -> None:
        assert device(world, "C02LEFT00090") == {**self.before, "enrollment": "unenrolled"}
        assert self._interfaces(world) == self.interfaces
        assert mappings(world, "computer")["90"] == (str(self.before["id"]), "deleted_external")
        assert world.query(
            "select count(*) from group_members where device_id = %s", [self.before["id"]]
        ) == [{"count": 1}]


class TextThatTheWebApplicationStoredEscapedIsNotWrittenAgain(Story):
    before: list[Row]

    def begin(self, world: World) -> None:
        insert_device(
            world,
            "C02ESC000110",
            hostname="R&amp;D &#x2F; Anna&#x27;s &lt;Mac&gt;",
            model="MacBook Pro",
            manufacturer="Apple",
        )
        add_mac(world, "110", "C02ESC000110", name="R&D / Anna's <Mac>")

    def check(self, world: World) -> None:
        assert device(world, "C02ESC000110")["hostname"] == "R&amp;D &#x2F; Anna&#x27;s &lt;Mac&gt;"


class AMacWithoutAUserKeepsThePersonItWasGivenByHand(Story):
    person_id: str

    def begin(self, world: World) -> None:
        add_mac(world, "115", "C02HAND00115")

    def meanwhile(self, world: World) -> None:
        self.person_id = insert(world, "people", full_name="By hand")
        world.execute(
            "update devices set assigned_to_person_id = %s where serial_number = 'C02HAND00115'",
            [self.person_id],
        )

    def check(self, world: World) -> None:
        assert str(device(world, "C02HAND00115")["assigned_to_person_id"]) == self.person_id


_STORIES = [story() for story in Story.__subclasses__() if story.__module__ == __name__]


@pytest.fixture(scope="module")
def told_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world after all the stories of this file."""
    with told(separate_world, _STORIES) as world:
        yield world


@pytest.mark.parametrize("story", _STORIES, ids=lambda story: type(story).__name__)
def test_story(told_world: World, story: Story) -> None:
    story.check(told_world)


def test_a_mac_that_returns_is_the_same_device_and_enrolled_again(world: World) -> None:
    same, new = add_mac(world, "1", "C02BACK00001"), add_mac(world, "2", "C02BACK00002")
    add_mac(world, "3", "C02STAYS0003")
    world.sync()
    ids = {serial: row["id"] for serial, row in devices(world).items()}
    world.fleet.remove_computer("1")
    world.fleet.remove_computer("2")
    world.sync()
    assert world.counts()["device"].unenrolled == 2

    world.fleet.store_computer(same)
    add_mac(world, "4", str(new.serial_number))
    world.sync()

    found = devices(world)
    assert {serial: row["id"] for serial, row in found.items()} == ids
    assert {row["enrollment"] for row in found.values()} == {"enrolled"}
    assert {status for _, status in mappings(world, "computer").values()} == {"synced"}
    assert set(mappings(world, "computer")) == {"1", "3", "4"}
    assert (world.counts()["device"].returned, world.counts()["device"].moved) == (1, 1)
    assert actions(world, "mapping") == {}
    assert_calm(world)


@_ANY_MOSS
def test_a_personally_owned_mac_leaves_nothing_behind(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(version="11.32.0"), fleet=Fleet())
    private = add_mac(world, "1", "C02OWN000001", user={"username": "private"}, assetTag="AT-1")
    private.apple_enrollment_type = "user"
    add_mac(world, "2", "C02WORK00002")

    world.sync()

    assert set(devices(world)) == {"C02WORK00002"}
    assert world.query("select * from people") == []
    (row,) = world.query(
        "select document::text as text from jamf_sync.raw_jamf where jamf_id = '1' and collection = 'computers'"
    )
    assert not [text for text in ("C02OWN", "private", "AT-1", "MAC-1") if text in row["text"]]
    assert world.counts()["device"].skipped == 1


@pytest.mark.parametrize("noticed_first", [True, False])
def test_a_deleted_device_is_created_again_if_the_settings_say_so(
    world: World, *, noticed_first: bool
) -> None:
    furnish(world)
    add_mac(world, "1", "C02AGAIN0001")
    for _ in range(1 if noticed_first else 2):
        world.sync()
    before = mapping(world, "computer", "1")
    world.execute("delete from devices")
    if noticed_first:
        world.sync()
    set_policies(world, recreate_deleted=True)

    world.sync()

    after = mapping(world, "computer", "1")
    assert before is not None
    assert after is not None
    assert (after["id"], after["sync_status"]) == (before["id"], "synced")
    assert after["internal_id"] == device(world, "C02AGAIN0001")["id"] != before["internal_id"]
    assert (world.history()[-1]["status"], world.history()[-1]["error_message"]) == (
        "success",
        None,
    )
    assert_calm(world)


def test_a_deleted_device_that_a_person_entered_again_is_linked_to_it(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02AGAIN0002")
    world.sync()
    world.execute("delete from devices")
    world.sync()
    entered = insert_device(world, "C02AGAIN0002", notes="ours")
    set_policies(world, recreate_deleted=True, on_unlinked_serial="adopt")

    world.sync()

    assert (world.history()[-1]["status"], world.history()[-1]["error_message"]) == (
        "success",
        None,
    )
    assert _linked_device(world, "1") == entered
    assert device(world, "C02AGAIN0002")["hostname"] == "MAC-1"
    assert_calm(world)
