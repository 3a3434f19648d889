"""What only the released M.O.S.S. has: escaped text, unique host names, groups of people, licences, rights, limits."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from moss_jamf_pipeline.engine.scopes import MOSS_CHAIN
from moss_jamf_pipeline.moss.contract.schema import prepare
from moss_jamf_pipeline.moss.integration.integrations import DEFAULT_NAME, create_integration
from moss_jamf_pipeline.simulator import Computer, Fleet, SimulatorConfig, SimulatorServer
from tests.e2e.conftest import SeparateWorld, WorldMaker
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    insert,
    insert_device,
    mapping,
    mappings,
    set_policies,
)
from tests.e2e.stories import Story, told
from tests.support.dialects import RELEASE
from tests.support.schema import create_released_tables, show_as_people_see_it
from tests.support.world import InstanceMaker, Row, World, open_world

pytestmark = pytest.mark.dialects("release")


def _stored(world: World, table: str, object_id: object) -> Row:
    """An object as it is stored, with the version of its row."""
    (row,) = world.query(f"select *, xmin::text from public.{table} where id = %s", [object_id])
    return row


def _conflicts(world: World, external_type: str, external_id: str) -> list[tuple[str, str | None]]:
    rows = world.query(
        """select kind, field from jamf_sync.conflicts
           where status = 'open' and external_type = %s and external_id = %s order by 1, 2""",
        [external_type, external_id],
    )
    return [(row["kind"], row["field"]) for row in rows]


def _hostnames(world: World, *serial_numbers: str) -> list[str | None]:
    return [device(world, serial_number)["hostname"] for serial_number in serial_numbers]


# Text that the web application escaped ----------------------------------------------------------------------------


class TextThatTheWebApplicationEscapedIsMatchedAndNeitherDoubledNorRewritten(Story):
    before: dict[str, Row]

    def begin(self, world: World) -> None:
        location = insert(world, "locations", name="R&amp;D &#x2F; 10")
        room = insert(world, "rooms", name="North&#x27;s 10", location_id=location)
        person = insert(
            world,
            "people",
            full_name="Pat O&#x27;Neil 10",
            username="pat.o&#x27;neil10",
            email_address="pat10@example.org",
        )
        known = insert_device(
            world, "C02RELE00010", hostname="R&amp;D &lt;10&gt;", model="Mac &quot;Pro&quot;"
        )
        self.before = {
            table: _stored(world, table, object_id)
            for table, object_id in {"locations": location, "rooms": room, "people": person}.items()
        }
        self.before["devices"] = _stored(world, "devices", known)
        world.fleet.add_building("R&D / 10", building_id="10")
        world.fleet.add_user(
            id="10", username="pat.o'neil10", realname="Pat O'Neil 10", email="PAT10@example.org"
        )
        add_mac(
            world,
            "10",
            "C02RELE00010",
            name="R&D <10>",
            hardware={"model": 'Mac "Pro"'},
            user={"username": "Pat.O'Neil10"},
            place={"buildingId": "10", "room": "north's 10"},
        )

    def check(self, world: World) -> None:
        for table in ("locations", "rooms"):
            assert _stored(world, table, self.before[table]["id"]) == self.before[table]
        found = device(world, "C02RELE00010")
        assert {
            "locations": found["location_id"],
            "rooms": found["room_id"],
            "people": found["assigned_to_person_id"],
            "devices": found["id"],
        } == {table: row["id"] for table, row in self.before.items()}
        assert (found["hostname"], found["model"]) == ("R&amp;D &lt;10&gt;", "Mac &quot;Pro&quot;")
        person = _stored(world, "people", self.before["people"]["id"])
        assert (person["full_name"], person["username"]) == (
            "Pat O&#x27;Neil 10",
            "pat.o&#x27;neil10",
        )
        for table, column in (("locations", "location_name"), ("rooms", "room_name")):
            assert world.query(
                f"select count(*) from public.{table} where {column} like '%%10'"
            ) == [{"count": 1}]


class PlainTextWithSignsOfMarkupIsWrittenAsItIs(Story):
    def begin(self, world: World) -> None:
        world.fleet.add_building("Q&A's <11>", building_id="11")
        add_mac(world, "11", "C02RELE00011", name="A&B / 11", place={"buildingId": "11"})

    def check(self, world: World) -> None:
        found = device(world, "C02RELE00011")
        assert (found["hostname"], found["location"]) == ("A&B / 11", "Q&A's <11>")


# Host names, which no two devices may share -----------------------------------------------------------------------


class AHostnameThatAForeignDeviceHasStaysWithIt(Story):
    foreign: Row
    renamed: Computer

    def begin(self, world: World) -> None:
        foreign = insert_device(world, "FOREIGN00020", hostname="Taken 20")
        self.foreign = _stored(world, "devices", foreign)
        add_mac(world, "20", "C02RELE00020", name="Taken 20")
        self.renamed = add_mac(world, "21", "C02RELE00021", name="Own 21")

    def meanwhile(self, _: World) -> None:
        self.renamed.name = "Taken 20"

    def check(self, world: World) -> None:
        assert _stored(world, "devices", self.foreign["id"]) == self.foreign
        assert _hostnames(world, "C02RELE00020", "C02RELE00021") == [None, "Own 21"]
        for jamf_id in ("20", "21"):
            assert _conflicts(world, "computer", jamf_id) == [("hostname_taken", "hostname")]
            link = mapping(world, "computer", jamf_id)
            assert link is not None
            assert link["sync_status"] == "conflict"


class AForeignHostnameThatWasEscapedIsTakenAsWell(Story):
    def begin(self, world: World) -> None:
        insert_device(world, "FOREIGN00022", hostname="R&amp;D 22")
        add_mac(world, "22", "C02RELE00022", name="R&D 22")

    def check(self, world: World) -> None:
        assert _hostnames(world, "FOREIGN00022", "C02RELE00022") == ["R&amp;D 22", None]
        assert _conflicts(world, "computer", "22") == [("hostname_taken", "hostname")]


class NamesThatDifferInCaseAreTwoNames(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "23", "C02RELE00023", name="Case 23")
        add_mac(world, "24", "C02RELE00024", name="case 23")

    def check(self, world: World) -> None:
        assert _hostnames(world, "C02RELE00023", "C02RELE00024") == ["Case 23", "case 23"]


class AChainOfThreeRenamesArrives(Story):
    macs: list[Computer]

    def begin(self, world: World) -> None:
        self.macs = [
            add_mac(world, f"3{n}", f"C02RELE0003{n}", name=f"Chain {n}") for n in range(3)
        ]

    def meanwhile(self, _: World) -> None:
        for number, mac in enumerate(self.macs, start=1):
            mac.name = f"Chain {number}"

    def check(self, world: World) -> None:
        names = _hostnames(world, *(f"C02RELE0003{n}" for n in range(3)))
        assert names == ["Chain 1", "Chain 2", "Chain 3"]


class ACircleOfThreeRenamesArrives(Story):
    macs: list[Computer]

    def begin(self, world: World) -> None:
        self.macs = [
            add_mac(world, f"4{n}", f"C02RELE0004{n}", name=f"Circle {n}") for n in range(3)
        ]

    def meanwhile(self, _: World) -> None:
        for number, mac in enumerate(self.macs, start=1):
            mac.name = f"Circle {number % 3}"

    def check(self, world: World) -> None:
        names = _hostnames(world, *(f"C02RELE0004{n}" for n in range(3)))
        assert names == ["Circle 1", "Circle 2", "Circle 0"]


class ANameThatADeniedDeviceKeepsIsTakenDownTheWholeChain(Story):
    macs: list[Computer]

    def begin(self, world: World) -> None:
        insert_device(world, "FOREIGN00050", hostname="Denied 50")
        self.macs = [
            add_mac(world, f"5{n}", f"C02RELE0005{n}", name=f"Denied {n}") for n in range(3)
        ]

    def meanwhile(self, _: World) -> None:
        # The first may not have what it wants, so it keeps what the second wants, and so on.
        self.macs[0].name = "Denied 50"
        self.macs[1].name = "Denied 0"
        self.macs[2].name = "Denied 1"

    def check(self, world: World) -> None:
        names = _hostnames(world, *(f"C02RELE0005{n}" for n in range(3)))
        assert names == ["Denied 0", "Denied 1", "Denied 2"]
        for number in range(3):
            assert _conflicts(world, "computer", f"5{number}") == [("hostname_taken", "hostname")]


class ANewMacGetsTheNameThatARenamedOneGivesUp(Story):
    mac: Computer

    def begin(self, world: World) -> None:
        self.mac = add_mac(world, "55", "C02RELE00055", name="Handed over 55")

    def meanwhile(self, world: World) -> None:
        self.mac.name = "Renamed 55"
        add_mac(world, "56", "C02RELE00056", name="Handed over 55")

    def check(self, world: World) -> None:
        assert _hostnames(world, "C02RELE00055", "C02RELE00056") == ["Renamed 55", "Handed over 55"]


class TheNameOfAMacThatLeftJamfStaysWithItsDevice(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "57", "C02RELE00057", name="Left 57")

    def meanwhile(self, world: World) -> None:
        world.fleet.remove_computer("57")
        add_mac(world, "58", "C02RELE00058", name="Left 57")

    def check(self, world: World) -> None:
        assert _hostnames(world, "C02RELE00057", "C02RELE00058") == ["Left 57", None]
        assert _conflicts(world, "computer", "58") == [("hostname_taken", "hostname")]


# People -----------------------------------------------------------------------------------------------------------


class APersonWithoutAUserNameIsFoundByAddressAndOnlyFilledIn(Story):
    person: Row
    boss: str

    def begin(self, world: World) -> None:
        self.boss = insert(world, "people", full_name="The boss of 60")
        person = insert(
            world,
            "people",
            full_name="Nameless 60",
            email_address="nameless60@example.org",
            person_type="contractor",
            status="inactive",
            manager_id=self.boss,
            hire_date="2020-02-02",
            department="By hand",
            notes="by hand",
        )
        self.person = _stored(world, "people", person)
        world.fleet.add_user(
            id="60",
            username="nameless60",
            realname="Another Name",
            email="Nameless60@Example.org",
            phone="+49 30 60",
            position="Head of 60",
        )
        add_mac(world, "60", "C02RELE00060", user={"username": "NAMELESS60"})

    def check(self, world: World) -> None:
        found = _stored(world, "people", self.person["id"])
        changed = {name for name in found if found[name] != self.person[name]}
        assert changed <= {"username", "email", "phone", "job_title", "updated_at", "xmin"}
        assert (found["username"], found["phone"], found["job_title"]) == (
            "nameless60",
            "+49 30 60",
            "Head of 60",
        )
        assert device(world, "C02RELE00060")["assigned_to_person_id"] == self.person["id"]


class PeopleWithoutUserNameAndAddressAreNobodyInJamf(Story):
    rows: list[Row]

    def begin(self, world: World) -> None:
        for number in range(2):
            insert(
                world, "people", full_name=f"Unknown 61 {number}", username="" if number else None
            )
        self.rows = self._rows(world)
        add_mac(world, "61", "C02RELE00061", user={"realname": "Unknown 61 0"})

    @staticmethod
    def _rows(world: World) -> list[Row]:
        return world.query(
            "select *, xmin::text from public.people where full_name like 'Unknown 61%%' order by id"
        )

    def check(self, world: World) -> None:
        assert self._rows(world) == self.rows
        assert device(world, "C02RELE00061")["assigned_to_person_id"] is None


# Limits of the columns --------------------------------------------------------------------------------------------


class ValuesThatAreTooLongDoNotLoseTheirRecords(Story):
    def begin(self, world: World) -> None:
        world.fleet.add_building("B" * 300, building_id="70")
        world.fleet.add_user(
            id="70",
            username="long70",
            email="long70@example.org",
            realname="L" * 300,
            phone="7" * 80,
            position="P" * 150,
        )
        mac = add_mac(
            world,
            "70",
            "C02RELE00070",
            user={"username": "long70"},
            place={"buildingId": "70", "room": "R" * 300},
            hardware={"model": "M" * 300},
            assetTag="A" * 150,
        )
        mac.operating_system_version = "1" * 150
        add_mac(world, "71", "C02RELE00071", user={"username": "u" * 150})

    def check(self, world: World) -> None:
        found = device(world, "C02RELE00070")
        assert found["hostname"] == "MAC-70"
        assert found["person"] == "long70"
        assert "70" in mappings(world, "user")
        assert device(world, "C02RELE00071")["hostname"] == "MAC-71"


# Groups -----------------------------------------------------------------------------------------------------------


def _join(world: World, group_id: str, *jamf_ids: str) -> None:
    for jamf_id in jamf_ids:
        world.fleet.assign_to_group(jamf_id, group_id)


def _group_id(world: World, name: str) -> str:
    (row,) = world.query("select id from groups where name = %s", [name])
    return str(row["id"])


def _people_in(world: World, group_id: str) -> set[str]:
    rows = world.query(
        """select coalesce(p.username, p.full_name) as name
           from public.group_members m join public.people p on p.id = m.person_id where m.group_id = %s""",
        [group_id],
    )
    return {row["name"] for row in rows}


def _devices_in(world: World, group_id: str) -> set[str]:
    rows = world.query(
        """select d.serial_number from jamf_sync.group_device_members m
           join public.devices d on d.id = m.device_id where m.group_id = %s""",
        [group_id],
    )
    return {row["serial_number"] for row in rows}


def _mac_of(world: World, jamf_id: str, username: str) -> Computer:
    return add_mac(world, jamf_id, f"C02RELE00{jamf_id:0>3}", user={"username": username})


class AGroupOfThatNameWithoutThePrefixIsSomebodyElses(Story):
    group: Row
    person: str

    def begin(self, world: World) -> None:
        group = insert(world, "groups", name="Kiosk 80", description="ours")
        self.group = _stored(world, "groups", group)
        self.person = insert(world, "people", full_name="Member of 80")
        world.execute("insert into public.group_members values (%s, %s)", [group, self.person])
        _mac_of(world, "80", "kim80")
        world.fleet.add_group("Kiosk 80", group_id="80", members=["80"])

    def check(self, world: World) -> None:
        assert _stored(world, "groups", self.group["id"]) == self.group
        assert _people_in(world, str(self.group["id"])) == {"Member of 80"}
        assert _people_in(world, _group_id(world, "[JAMF] Kiosk 80")) == {"kim80"}


class TheMembersOfAStaticGroupAreThePeopleOfItsMacs(Story):
    macs: list[Computer]

    def begin(self, world: World) -> None:
        self.macs = [_mac_of(world, f"8{n}", f"lou8{n}") for n in range(1, 5)]
        _mac_of(world, "85", "lou81")
        add_mac(world, "86", "C02RELE00086")
        world.fleet.add_group("People 81", group_id="81", members=["81", "82", "83", "85", "86"])

    def meanwhile(self, world: World) -> None:
        group = _group_id(world, "[JAMF] People 81")
        assert _people_in(world, group) == {"lou81", "lou82", "lou83"}
        by_hand = insert(world, "people", full_name="By hand 81")
        world.execute("insert into public.group_members values (%s, %s)", [group, by_hand])
        # The first keeps a second Mac in the group, the second has none left, the third gives hers away.
        world.fleet.remove_from_group("81", "81")
        world.fleet.remove_from_group("82", "81")
        self.macs[2].username = "lou84"

    def check(self, world: World) -> None:
        group = _group_id(world, "[JAMF] People 81")
        assert _people_in(world, group) == {"lou81", "lou84", "By hand 81"}
        assert _devices_in(world, group) == {"C02RELE00083", "C02RELE00085", "C02RELE00086"}


class LicenceSeatsAreRecountedOncePerMember(Story):
    licence: str

    def begin(self, world: World) -> None:
        for number in range(3):
            _mac_of(world, f"9{number}", f"max9{number}")
        world.fleet.add_group("Licensed 90", group_id="90")

    def meanwhile(self, world: World) -> None:
        world.execute("create table public.recounts (license_id uuid)")
        world.execute(
            """create function public.note_recount() returns trigger language plpgsql as
               $$ begin insert into public.recounts values (new.id); return null; end $$"""
        )
        world.execute(
            """create trigger note_recount after update on public.software_licenses
               for each row execute function public.note_recount()"""
        )
        self.licence = insert(world, "software_licenses", seats_purchased=10)
        world.execute(
            "insert into group_software_licenses (group_id, license_id) values (%s, %s)",
            [_group_id(world, "[JAMF] Licensed 90"), self.licence],
        )
        _join(world, "90", "90", "91", "92")

    def check(self, world: World) -> None:
        licence = _stored(world, "software_licenses", self.licence)
        assert licence["seats_assigned"] == 3
        # A third sync has run since: it recounted nothing.
        assert world.query("select count(*) from public.recounts") == [{"count": 3}]


def _grant_a_role(world: World, group: str) -> None:
    role = insert(world, "roles", role_name="Editor")
    insert(world, "role_assignments", role_id=role, group_id=group, scope="global")


class _AGroupThatGrantsRights(Story):
    """Rights are granted to the group between the syncs, and a Mac joins it."""

    number: str

    def grant(self, world: World, group: str) -> None:
        """Gives the members of a group a right."""
        raise NotImplementedError

    def begin(self, world: World) -> None:
        for jamf_id in (f"{self.number}1", f"{self.number}2"):
            _mac_of(world, jamf_id, f"eve{jamf_id}")
        name = f"Rights {self.number}"
        world.fleet.add_group(name, group_id=self.number, members=[f"{self.number}1"])

    def meanwhile(self, world: World) -> None:
        self.grant(world, _group_id(world, f"[JAMF] Rights {self.number}"))
        _join(world, self.number, f"{self.number}2")

    def check(self, world: World) -> None:
        group = _group_id(world, f"[JAMF] Rights {self.number}")
        assert _people_in(world, group) == {f"eve{self.number}1"}
        assert _devices_in(world, group) == {f"C02RELE00{self.number}{n}" for n in (1, 2)}
        assert [kind for kind, _ in _conflicts(world, "computer_group", self.number)] == [
            "group_grants_rights"
        ]


class AGroupThatGrantsARoleGetsNobody(_AGroupThatGrantsRights):
    number = "10"

    def grant(self, world: World, group: str) -> None:
        _grant_a_role(world, group)


class AGroupThatPermitsAnObjectGetsNobody(_AGroupThatGrantsRights):
    number = "11"

    def grant(self, world: World, group: str) -> None:
        values = {"object_type": "device", "object_id": group, "permission_type": "edit"}
        insert(world, "object_permissions", group_id=group, **values)


def _subclasses(story: type[Story]) -> Iterator[type[Story]]:
    for subclass in story.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


_STORIES = [
    story()
    for story in _subclasses(Story)
    if story.__module__ == __name__ and not story.__name__.startswith("_")
]


@pytest.fixture(scope="module")
def told_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world after all the stories of this file."""
    with told(separate_world, _STORIES) as world:
        yield world


@pytest.mark.parametrize("story", _STORIES, ids=lambda story: type(story).__name__)
def test_story(told_world: World, story: Story) -> None:
    story.check(told_world)


def test_a_group_that_grants_rights_gets_its_people_if_the_settings_say_so(world: World) -> None:
    set_policies(world, add_members_to_privileged_groups=True)
    _mac_of(world, "1", "jane")
    world.fleet.add_group("Rights", group_id="1")
    world.sync()
    group = _group_id(world, "[JAMF] Rights")
    _grant_a_role(world, group)
    _join(world, "1", "1")

    world.sync()

    assert _people_in(world, group) == {"jane"}
    assert _conflicts(world, "computer_group", "1") == []
    assert_calm(world)


def test_a_hostname_is_given_once_whoever_had_it_gives_it_up(world: World) -> None:
    foreign = insert_device(world, "FOREIGN", hostname="Wanted")
    add_mac(world, "1", "C02RELE00001", name="Wanted")
    world.sync()
    assert device(world, "C02RELE00001")["hostname"] is None
    assert_calm(world)

    world.execute("update devices set hostname = 'given up' where id = %s", [foreign])
    world.sync()

    assert device(world, "C02RELE00001")["hostname"] == "Wanted"
    assert _conflicts(world, "computer", "1") == []
    assert_counts_add_up(world)
    assert_calm(world)


def test_a_hostname_that_a_person_gave_away_since_the_plan_fails_nobody(world: World) -> None:
    for number in range(1, 4):
        add_mac(world, str(number), f"C02RELE0000{number}")
    world.sync("plan")
    insert_device(world, "FOREIGN", hostname="MAC-2")

    assert world.materialize("conflicts", *MOSS_CHAIN).success

    assert _hostnames(world, *(f"C02RELE0000{n}" for n in range(1, 4))) == ["MAC-1", None, "MAC-3"]
    assert_counts_add_up(world)


def _hand_made(world: World) -> None:
    """What a M.O.S.S. that was kept by hand for years holds: clashes, gaps and text in both forms."""
    company = insert(world, "companies", name="R&amp;D Ltd.", company_type="own_organization")
    location = insert(world, "locations", name="North&#x27;s", company_id=company)
    insert(world, "rooms", name="301", location_id=location)
    for number in range(2):
        insert(world, "people", full_name=f"Nameless {number}", email_address=None)
    owner = insert(world, "people", full_name="Owner", username="owner", person_type="contractor")
    computers = list(world.fleet.computers.values())
    first, second, third, fourth = computers[:4]
    for variant in (f" {first.serial_number}", str(first.serial_number).lower()):
        insert_device(world, variant, notes="one of two", asset_tag="TWICE")
    insert_device(
        world,
        str(second.serial_number),
        hostname="by hand &amp; old",
        asset_tag="LABEL",
        location_id=location,
    )
    insert_device(world, "NOT-IN-JAMF", hostname=third.name, assigned_to_person_id=owner)
    insert_device(world, "", hostname="no serial number", notes=fourth.name)
    for group in list(world.fleet.groups.values())[:2]:
        insert(world, "groups", name=group.name, description="by hand")


def _as_made_by_hand(world: World) -> dict[str, list[Row]]:
    columns = {
        "devices": "asset_tag, location_id, room_id, status, device_type, notes, warranty_expiration",
        "people": "person_type, status, manager_id, start_date, department, notes, full_name, username",
        "locations": "*",
        "rooms": "*",
        "companies": "*",
        "groups": "*",
    }
    return {
        table: world.query(f"select id, {names} from public.{table} order by id")
        for table, names in columns.items()
    }


def test_an_inventory_that_was_kept_by_hand_is_synced_and_kept(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=80, groups=10, seed=17))
    _hand_made(world)
    by_hand = _as_made_by_hand(world)

    world.sync()

    assert_counts_add_up(world)
    assert world.history()[-1]["status"] in {"success", "partial"}
    now = _as_made_by_hand(world)
    for table, rows in by_hand.items():
        known = {row["id"] for row in rows}
        assert [row for row in now[table] if row["id"] in known] == rows, table
    assert_calm(world)


def test_an_installation_whose_migrations_stopped_at_27_is_synced_as_well(
    empty_database: Callable[[], str],
    recorder: InstanceMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = empty_database()
    with psycopg.connect(url, autocommit=True) as connection:
        create_released_tables(connection, stopped_at_migration_27=True)
        prepare(connection, may_create_moss=False)
        create_integration(connection, DEFAULT_NAME, base_url=None)
        show_as_people_see_it(connection)
    with SimulatorServer(fleet=Fleet()) as jamf:
        monkeypatch.setenv("MOSS_DATABASE_URL", url)
        monkeypatch.setenv("JAMF_BASE_URL", jamf.base_url)
        monkeypatch.setenv("JAMF_CLIENT_ID", jamf.client_id)
        monkeypatch.setenv("JAMF_CLIENT_SECRET", jamf.client_secret)
        with open_world(url, jamf, recorder, RELEASE) as world:
            _mac_of(world, "1", "jane")
            world.fleet.add_group("Ours", group_id="1", members=["1"])
            world.sync()
            assert device(world, "C02RELE00001")["person"] == "jane"
            assert _people_in(world, _group_id(world, "[JAMF] Ours")) == {"jane"}
            assert_calm(world)
