"""What surrounds a device, case by case: locations and rooms, network interfaces, groups and their members."""

from collections.abc import Iterator

import pytest

from moss_jamf_pipeline.simulator import Building, Computer, Group
from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import add_mac, device, insert, insert_device, mapping, mappings
from tests.e2e.stories import Story, told
from tests.support.world import Row, World

pytestmark = pytest.mark.every_dialect


def _locations(world: World, pattern: str) -> list[Row]:
    return world.query("select * from locations where name ilike %s order by id", [f"%{pattern}%"])


def _interfaces(world: World, serial_number: str) -> dict[str, tuple[str, str]]:
    """The interfaces of a device: MAC address to name and type."""
    rows = world.query(
        "select i.* from ios i join devices d on d.id = i.device_id where d.serial_number = %s",
        [serial_number],
    )
    return {row["mac_address"]: (row["interface_name"], row["interface_type"]) for row in rows}


def _group(world: World, name: str) -> Row:
    (group,) = world.query("select * from groups where name = %s", [name])
    return group


def _members(world: World, group_name: str) -> set[str]:
    """Serial numbers of the devices and names of the people in a group."""
    rows = world.query(
        """select coalesce(d.serial_number, p.full_name) as member
           from group_members m join groups g on g.id = m.group_id
           left join devices d on d.id = m.device_id left join people p on p.id = m.person_id where g.name = %s""",
        [group_name],
    )
    return {row["member"] for row in rows}


# Places -----------------------------------------------------------------------------------------------------------


class ABuildingThatIsRenamedInJamfStaysItsLocation(Story):
    building: Building
    before: Row

    def begin(self, world: World) -> None:
        self.building = world.fleet.add_building("Oak 10", building_id="10")
        add_mac(world, "10", "C02SURR00010", place={"buildingId": "10", "room": "1"})

    def meanwhile(self, world: World) -> None:
        (self.before,) = _locations(world, "oak 10")
        self.building.name = "Elm 10"

    def check(self, world: World) -> None:
        assert _locations(world, "oak 10") == [self.before]
        assert _locations(world, "elm 10") == []
        assert device(world, "C02SURR00010")["location"] == "Oak 10"
        assert mappings(world, "building")["10"] == (str(self.before["id"]), "synced")


class ALocationThatIsRenamedInMossStaysRenamed(Story):
    def begin(self, world: World) -> None:
        world.fleet.add_building("Oak 11", building_id="11")
        add_mac(world, "11", "C02SURR00011", place={"buildingId": "11"})

    def meanwhile(self, world: World) -> None:
        world.execute("update locations set name = 'Our name 11' where name = 'Oak 11'")

    def check(self, world: World) -> None:
        assert len(_locations(world, " 11")) == 1
        assert device(world, "C02SURR00011")["location"] == "Our name 11"


class TwoBuildingsOfOneNameAreOneLocation(Story):
    def begin(self, world: World) -> None:
        world.fleet.add_building("Twin 12", building_id="12")
        world.fleet.add_building("twin  12", building_id="13")
        for jamf_id in ("12", "13"):
            add_mac(world, jamf_id, f"C02SURR000{jamf_id}", place={"buildingId": jamf_id})

    def check(self, world: World) -> None:
        (location,) = _locations(world, "twin")
        for serial in ("C02SURR00012", "C02SURR00013"):
            assert device(world, serial)["location_id"] == location["id"]
        assert mapping(world, "building", "13") is None


class RoomsOfOneNameInTwoBuildingsAreTwoRooms(Story):
    def begin(self, world: World) -> None:
        for jamf_id in ("14", "15"):
            world.fleet.add_building(f"Birch {jamf_id}", building_id=jamf_id)
            add_mac(
                world,
                jamf_id,
                f"C02SURR000{jamf_id}",
                place={"buildingId": jamf_id, "room": "Room 14"},
            )
        add_mac(world, "16", "C02SURR00016", place={"buildingId": "15", "room": "room  14"})

    def check(self, world: World) -> None:
        rooms = {
            serial: device(world, f"C02SURR000{serial}")["room_id"] for serial in ("14", "15", "16")
        }
        assert rooms["14"] != rooms["15"]
        assert rooms["15"] == rooms["16"]
        assert world.query("select count(*) from rooms where name ilike 'room%%14'") == [
            {"count": 2}
        ]


class NamesThatTheWebApplicationStoredEscapedAreFound(Story):
    room_id: str

    def begin(self, world: World) -> None:
        location = insert(world, "locations", name="R&amp;D &#x2F; 17")
        self.room_id = insert(world, "rooms", name="A&#x2F;B", location_id=location)
        world.fleet.add_building("R&D / 17", building_id="17")
        add_mac(world, "17", "C02SURR00017", place={"buildingId": "17", "room": "A/B"})

    def check(self, world: World) -> None:
        assert str(device(world, "C02SURR00017")["room_id"]) == self.room_id
        assert len(_locations(world, "/ 17")) == 0
        assert len(_locations(world, "17")) == 1


class ALocationNameOfTwoLocationsIsLeftToAPerson(Story):
    def begin(self, world: World) -> None:
        for _ in range(2):
            insert(world, "locations", name="Double 18")
        world.fleet.add_building("Double 18", building_id="18")
        add_mac(world, "18", "C02SURR00018", place={"buildingId": "18", "room": "1"})

    def check(self, world: World) -> None:
        assert device(world, "C02SURR00018")["location_id"] is None
        assert len(_locations(world, "Double 18")) == 2
        assert world.query(
            "select kind from jamf_sync.conflicts where external_type = 'building' and external_id = '18'"
        ) == [{"kind": "ambiguous_match"}]


class ALocationDeletedInMossIsNotCreatedAgain(Story):
    def begin(self, world: World) -> None:
        world.fleet.add_building("Gone 19", building_id="19")
        add_mac(world, "19", "C02SURR00019", place={"buildingId": "19", "room": "1"})

    def meanwhile(self, world: World) -> None:
        world.execute("delete from locations where name = 'Gone 19'")

    def check(self, world: World) -> None:
        assert _locations(world, "Gone 19") == []
        assert device(world, "C02SURR00019")["location_id"] is None
        assert mappings(world, "building")["19"][1] == "deleted_internal"


class ABuildingRemovedFromJamfLeavesItsLocation(Story):
    def begin(self, world: World) -> None:
        world.fleet.add_building("Left 20", building_id="20")
        add_mac(world, "20", "C02SURR00020", place={"buildingId": "20"})

    def meanwhile(self, world: World) -> None:
        world.fleet.remove_building("20")

    def check(self, world: World) -> None:
        assert device(world, "C02SURR00020")["location"] == "Left 20"
        assert mappings(world, "building")["20"][1] == "deleted_external"


class APlaceThatJamfDoesNotNameFullyIsNoPlace(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "21", "C02SURR00021", place={"buildingId": "4711", "room": "unplaced 21"})
        add_mac(world, "22", "C02SURR00022", place={"room": "unplaced 22"})

    def check(self, world: World) -> None:
        for serial in ("C02SURR00021", "C02SURR00022"):
            assert (device(world, serial)["location_id"], device(world, serial)["room_id"]) == (
                None,
                None,
            )
        assert world.query("select * from rooms where name like 'unplaced%%'") == []


# Interfaces -------------------------------------------------------------------------------------------------------


class AnAdapterThatWandersBetweenMacsIsNobodysInterface(Story):
    def begin(self, world: World) -> None:
        for jamf_id in ("30", "31"):
            hardware = {
                "macAddress": f"00:1B:63:00:30:{jamf_id}",
                "altMacAddress": "00:1B:63:00:30:FF",
            }
            add_mac(world, jamf_id, f"C02SURR000{jamf_id}", hardware=hardware)

    def check(self, world: World) -> None:
        assert world.query("select * from ios where mac_address = '00:1B:63:00:30:FF'") == []
        assert set(_interfaces(world, "C02SURR00030")) == {"00:1B:63:00:30:30"}


class AMacAddressOfAnotherDeviceIsAConflict(Story):
    other: str

    def begin(self, world: World) -> None:
        self.other = insert_device(world, "DOCK32", hostname="dock")
        insert(world, "ios", device_id=self.other, interface_name="eth", interface_type="ethernet",
               mac_address="001b.6300.3232")  # fmt: skip
        hardware = {"macAddress": "00:1B:63:00:32:32", "altMacAddress": None}
        add_mac(world, "32", "C02SURR00032", hardware=hardware)

    def check(self, world: World) -> None:
        assert _interfaces(world, "C02SURR00032") == {}
        assert _interfaces(world, "DOCK32") == {"001b.6300.3232": ("eth", "ethernet")}
        assert world.query(
            "select kind from jamf_sync.conflicts"
            " where object_type = 'io' and status = 'open' and external_id like '32/%%'"
        ) == [{"kind": "mac_elsewhere"}]


class AnInterfaceThatAPersonEnteredIsNeitherChangedNorDoubled(Story):
    computer: Computer

    def begin(self, world: World) -> None:
        hardware = {
            "macAddress": "00:1B:63:00:33:33",
            "altMacAddress": None,
            "networkAdapterType": "Ethernet",
        }
        self.computer = add_mac(world, "33", "C02SURR00033", hardware=hardware)
        known = insert_device(world, "C02SURR00033")
        insert(world, "ios", device_id=known, interface_name="by hand", interface_type="wifi",
               mac_address="00-1B-63-00-33-33")  # fmt: skip

    def meanwhile(self, _: World) -> None:
        self.computer.network_adapter_type = "IEEE80211"

    def check(self, world: World) -> None:
        assert _interfaces(world, "C02SURR00033") == {"00-1B-63-00-33-33": ("by hand", "wifi")}


class AnInterfaceThatAPersonRenamedKeepsItsName(Story):
    computer: Computer

    def begin(self, world: World) -> None:
        hardware = {
            "macAddress": "00:1B:63:00:34:34",
            "altMacAddress": None,
            "networkAdapterType": "Ethernet",
        }
        self.computer = add_mac(world, "34", "C02SURR00034", hardware=hardware)

    def meanwhile(self, world: World) -> None:
        world.execute(
            "update ios set interface_name = 'by hand' where mac_address = '00:1B:63:00:34:34'"
        )
        self.computer.network_adapter_type = "IEEE80211"

    def check(self, world: World) -> None:
        assert _interfaces(world, "C02SURR00034") == {"00:1B:63:00:34:34": ("by hand", "ethernet")}


class AnInterfaceThatNobodyChangedFollowsJamf(Story):
    computer: Computer

    def begin(self, world: World) -> None:
        hardware = {
            "macAddress": "00:1B:63:00:35:35",
            "altMacAddress": None,
            "networkAdapterType": "Ethernet",
        }
        self.computer = add_mac(world, "35", "C02SURR00035", hardware=hardware)

    def meanwhile(self, world: World) -> None:
        world.execute("update ios set port_number = '7' where mac_address = '00:1B:63:00:35:35'")
        self.computer.network_adapter_type = "IEEE80211"

    def check(self, world: World) -> None:
        assert _interfaces(world, "C02SURR00035") == {"00:1B:63:00:35:35": ("Wi-Fi", "wifi")}
        assert world.query(
            "select port_number from ios where mac_address = '00:1B:63:00:35:35'"
        ) == [{"port_number": "7"}]


class AnInterfaceThatJamfNoLongerReportsStays(Story):
    computer: Computer

    def begin(self, world: World) -> None:
        hardware = {"macAddress": "00:1B:63:00:36:36", "altMacAddress": "00:1B:63:00:36:37"}
        self.computer = add_mac(world, "36", "C02SURR00036", hardware=hardware)

    def meanwhile(self, _: World) -> None:
        self.computer.alt_mac_address = "00:1B:63:00:36:38"

    def check(self, world: World) -> None:
        assert set(_interfaces(world, "C02SURR00036")) == {
            "00:1B:63:00:36:36",
            "00:1B:63:00:36:37",
            "00:1B:63:00:36:38",
        }


# Groups -----------------------------------------------------------------------------------------------------------


class AStaticGroupHasItsPrefixTypeAndMembers(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "50", "C02SURR00050")
        world.fleet.add_group("Kiosk", group_id="50", members=["50"])

    def check(self, world: World) -> None:
        group = _group(world, "[JAMF] Kiosk")
        assert (group["group_type"], group["external_id"]) == ("custom", "50")
        assert _members(world, "[JAMF] Kiosk") == {"C02SURR00050"}


class ASmartGroupIsAReferenceWithoutMembers(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "51", "C02SURR00051")
        world.fleet.add_group("Clever", group_id="51", smart=True, members=["51"])

    def check(self, world: World) -> None:
        group = _group(world, "[JAMF] Clever")
        assert (group["group_type"], group["external_id"]) == (world.dialect.smart_group, "51")
        assert _members(world, "[JAMF] Clever") == set()


class APrefixThatIsThereAlreadyIsNotDoubled(Story):
    def begin(self, world: World) -> None:
        world.fleet.add_group("[JAMF] Prefixed", group_id="52")

    def check(self, world: World) -> None:
        assert _group(world, "[JAMF] Prefixed")["external_id"] == "52"


class AGroupOfThatNameThatAPersonMadeIsLinked(Story):
    group_id: str

    def begin(self, world: World) -> None:
        self.group_id = insert(world, "groups", name="[JAMF] R&amp;D", description="ours")
        world.fleet.add_group("R&D", group_id="53")

    def check(self, world: World) -> None:
        group = _group(world, "[JAMF] R&amp;D")
        assert (str(group["id"]), group["external_id"], group["description"]) == (
            self.group_id,
            "53",
            "ours",
        )


class AStaticGroupThatBecomesSmartLosesOnlyOurMembers(Story):
    group: Group

    def begin(self, world: World) -> None:
        for jamf_id in ("54", "55"):
            add_mac(world, jamf_id, f"C02SURR000{jamf_id}")
        self.group = world.fleet.add_group("Turning", group_id="54", members=["54"])

    def meanwhile(self, world: World) -> None:
        group_id = _group(world, "[JAMF] Turning")["id"]
        person = insert(world, "people", full_name="Member 54")
        world.execute(
            "insert into group_members (group_id, person_id) values (%s, %s)", [group_id, person]
        )
        world.execute(
            "insert into group_members (group_id, device_id) select %s, id from devices where serial_number = %s",
            [group_id, "C02SURR00055"],
        )
        self.group.is_smart = True

    def check(self, world: World) -> None:
        assert _group(world, "[JAMF] Turning")["group_type"] == world.dialect.smart_group
        assert _members(world, "[JAMF] Turning") == {"C02SURR00055", "Member 54"}


class AMemberThatLeavesInJamfLeavesUnlessAPersonAddedIt(Story):
    def begin(self, world: World) -> None:
        for jamf_id in ("56", "57", "58"):
            add_mac(world, jamf_id, f"C02SURR000{jamf_id}")
        world.fleet.add_group("Leaving", group_id="56", members=["56", "57"])

    def meanwhile(self, world: World) -> None:
        world.execute(
            "insert into group_members (group_id, device_id) select %s, id from devices where serial_number = %s",
            [_group(world, "[JAMF] Leaving")["id"], "C02SURR00058"],
        )
        world.fleet.remove_from_group("57", "56")

    def check(self, world: World) -> None:
        assert _members(world, "[JAMF] Leaving") == {"C02SURR00056", "C02SURR00058"}


class AGroupThatIsRenamedInJamfIsTheSameGroup(Story):
    group_id: str

    def begin(self, world: World) -> None:
        add_mac(world, "59", "C02SURR00059")
        world.fleet.add_group("Before", group_id="59", members=["59"])

    def meanwhile(self, world: World) -> None:
        self.group_id = str(_group(world, "[JAMF] Before")["id"])
        world.fleet.rename_group("59", "After")

    def check(self, world: World) -> None:
        assert str(_group(world, "[JAMF] After")["id"]) == self.group_id
        assert _members(world, "[JAMF] After") == {"C02SURR00059"}


class AGroupDeletedInMossIsNotCreatedAgain(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "60", "C02SURR00060")
        world.fleet.add_group("Unwanted", group_id="60", members=["60"])

    def meanwhile(self, world: World) -> None:
        world.execute("delete from groups where name = '[JAMF] Unwanted'")

    def check(self, world: World) -> None:
        assert world.query("select * from groups where name = '[JAMF] Unwanted'") == []
        assert mappings(world, "computer_group")["60"][1] == "deleted_internal"


class AGroupRemovedFromJamfStaysWithItsMembers(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "61", "C02SURR00061")
        world.fleet.add_group("Removed", group_id="61", members=["61"])

    def meanwhile(self, world: World) -> None:
        world.fleet.remove_group("61")

    def check(self, world: World) -> None:
        assert _members(world, "[JAMF] Removed") == {"C02SURR00061"}
        assert mappings(world, "computer_group")["61"][1] == "deleted_external"


class TwoGroupsOfOneNameAreTwoGroups(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "62", "C02SURR00062")
        for jamf_id in ("62", "63"):
            world.fleet.add_group("Namesake", group_id=jamf_id)
        world.fleet.assign_to_group("62", "63")

    def check(self, world: World) -> None:
        rows = world.query(
            """select g.external_id, count(m.device_id) as members
               from groups g left join group_members m on m.group_id = g.id
               where g.name = '[JAMF] Namesake' group by g.external_id order by g.external_id"""
        )
        assert rows == [{"external_id": "62", "members": 0}, {"external_id": "63", "members": 1}]


class AVeryLongGroupNameIsCutToWhatFits(Story):
    def begin(self, world: World) -> None:
        world.fleet.add_group("L" * 400, group_id="64")

    def check(self, world: World) -> None:
        (group,) = world.query("select name from groups where external_id = '64'")
        assert len(group["name"]) == 255


_STORIES = [story() for story in Story.__subclasses__() if story.__module__ == __name__]


@pytest.fixture(scope="module")
def told_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world after all the stories of this file."""
    with told(separate_world, _STORIES) as world:
        yield world


@pytest.mark.parametrize("story", _STORIES, ids=lambda story: type(story).__name__)
def test_story(told_world: World, story: Story) -> None:
    story.check(told_world)
