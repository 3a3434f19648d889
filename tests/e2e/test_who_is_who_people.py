"""Cases I4 to I6 and I11 to I13 of real life: a person is who the directory says, not who has the id, name or mailbox.

Each case happens to records of its own, in one world and side by side, day by day; a sync ends each day. A
case with several orders of arrival (the user record first, a computer first, both on one day) happens once for each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.moss.plan.conflicts import resolve_conflicts
from moss_jamf_pipeline.simulator import Computer, User
from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import (
    add_mac,
    assert_counts_add_up,
    device,
    insert,
    mappings,
    set_policies,
    stored_rows,
)
from tests.support.world import Row, World

Day = Callable[[World], object]
ORDERS = ("user record first", "computer first", "both at once")


def _user(
    world: World, jamf_id: str, username: str, realname: str, email: str = "", **rest: str
) -> User:
    return world.fleet.add_user(
        id=jamf_id,
        username=username,
        realname=realname,
        email=email,
        phone=f"+49 {jamf_id}",
        **rest,
    )


def _mac(
    world: World, jamf_id: str, username: str, realname: str = "", email: str = ""
) -> Computer:
    return add_mac(
        world,
        jamf_id,
        f"C02WHO{jamf_id:0>6}",
        user={
            "username": username,
            "realname": realname,
            "email": email,
            "phone": f"+49 {jamf_id}",
        },
    )


def _linked(world: World, external_type: str, external_id: str) -> str:
    """The M.O.S.S. object that a JAMF record is linked to."""
    return mappings(world, external_type)[external_id][0]


def _device(world: World, jamf_id: str) -> Row:
    return device(world, f"C02WHO{jamf_id:0>6}")


def _people(world: World, part: str) -> list[Row]:
    """Whose user name, e-mail address or name contains a text, oldest first."""
    return world.query(
        "select * from people where concat_ws(' ', username, email_address, full_name) ilike %s"
        " order by created_at, id",
        [f"%{part}%"],
    )


def _person(world: World, part: str) -> Row:
    (person,) = _people(world, part)
    return person


def _conflicts(world: World, external_id: str, *, status: str = "open") -> list[Row]:
    return world.query(
        "select * from jamf_sync.conflicts where external_id = %s and status = %s order by kind",
        [external_id, status],
    )


def _kinds(world: World, external_id: str) -> list[str]:
    return [row["kind"] for row in _conflicts(world, external_id)]


def _decide(world: World, external_id: str, resolution: Resolution) -> None:
    (conflict,) = _conflicts(world, external_id)
    with world.database.connection() as connection:
        resolve_conflicts(
            connection,
            world.integration,
            [conflict["conflict_id"]],
            resolution,
            resolved_by="pat@example.org",
        )


def _arrive(order: str, record: Day, computer: Day) -> tuple[Day, Day]:
    """What happens on two days, in one of the orders."""
    if order == "user record first":
        return record, computer
    if order == "computer first":
        return computer, record
    return _nothing, lambda world: (record(world), computer(world))


def _nothing(_: World) -> None:
    """A day on which nothing happens."""


@dataclass
class Case:
    """What happens to some people, a day at a time.

    Attributes:
        days: what happens before each sync.
        seen: what the case saw on the way.
    """

    days: Sequence[Day]
    seen: dict[str, Any] = field(default_factory=dict)


def _number(order: str, base: int) -> str:
    return str(base + ORDERS.index(order))


def _name_handed_on(order: str) -> Case:
    """John Smith leaves; Jane Smith gets his user name. What JAMF says of either comes in any order."""
    number = _number(order, 400)
    old, new, name = number, f"9{number}", f"jsmith{number}"
    john = f"john{number}@example.com"
    jane = f"jane{number}@example.com"

    def john_is_there(world: World) -> None:
        if order != "computer first":
            _user(world, old, name, f"John {number}", john, position="Clerk")
        _mac(world, old, name, f"John {number}", john)

    def john_leaves(world: World) -> None:
        case.seen["john"] = _person(world, f"john{number}")
        if order != "computer first":
            world.fleet.remove_user(old)

    def jane_is_recorded(world: World) -> None:
        _user(world, new, name, f"Jane {number}", jane, position="Head")

    def jane_has_a_mac(world: World) -> None:
        _mac(world, new, name, f"Jane {number}", jane)

    case = Case((john_is_there, john_leaves, *_arrive(order, jane_is_recorded, jane_has_a_mac)))
    return case


def _shared_mailbox(order: str) -> Case:
    number = _number(order, 500)
    mailbox = f"helpdesk{number}@example.com"

    def the_first(world: World) -> None:
        _user(world, number, f"lab{number}", f"Lab {number}", mailbox)
        _mac(world, number, f"lab{number}", f"Lab {number}", mailbox)

    def is_recorded(world: World) -> None:
        _user(world, f"9{number}", f"bnguyen{number}", f"Binh {number}", mailbox)

    def has_a_mac(world: World) -> None:
        _mac(world, f"9{number}", f"bnguyen{number}", f"Binh {number}", mailbox)

    return Case((the_first, *_arrive(order, is_recorded, has_a_mac)))


def _deleted_while_another_stays(world: World) -> None:
    world.execute("delete from people where username = 'gone600'")
    insert(world, "people", full_name="Gone Again", email_address="Gone600@example.com")
    _mac(world, "601", "gone600", "Gone 600", "gone600@example.com")


def _deleted_for_good(world: World) -> None:
    world.execute("delete from people where username = 'lost610'")


class _Cases:
    """All of them, by name."""

    def __init__(self) -> None:
        self.handed_on = {order: _name_handed_on(order) for order in ORDERS}
        self.mailboxes = {order: _shared_mailbox(order) for order in ORDERS}
        self.own_person = Case(
            (
                lambda world: _user(world, "450", "decide450", "John 450", "john450@example.com"),
                lambda world: world.fleet.remove_user("450"),
                lambda world: (
                    _user(world, "9450", "decide450", "Jane 450", "jane450@example.com"),
                    _mac(world, "9450", "decide450", "Jane 450", "jane450@example.com"),
                ),
                lambda world: _decide(world, "9450", Resolution.KEEP_MOSS),
            )
        )
        self.same_person = Case(
            (
                lambda world: _user(
                    world, "460", "decide460", "Mary Miller", "miller460@example.com"
                ),
                lambda world: world.fleet.remove_user("460"),
                lambda world: (
                    _user(world, "9460", "decide460", "Mary Baker", "baker460@example.com"),
                    _mac(world, "9460", "decide460", "Mary Baker", "baker460@example.com"),
                ),
                lambda world: _decide(world, "9460", Resolution.TAKE_JAMF),
            )
        )
        self.renamed = Case(
            (
                lambda world: (
                    _user(world, "470", "miller470", "Ann Miller", "ann.miller470@example.com"),
                    _user(world, "471", "cook471", "Bob Cook", "bob471@example.com"),
                ),
                self._marries,
            )
        )
        self.reused = Case(
            (
                lambda world: (
                    _user(world, "480", "old480", "Old 480", "old480@example.com"),
                    _user(world, "481", "ada481", "Ada 481", "ada481@example.com"),
                    _user(world, "482", "bob482", "Bob 482", "bob482@example.com"),
                ),
                self._ids_are_handed_out_anew,
            )
        )
        self.linked_again = Case(
            (
                lambda world: (
                    _user(world, "600", "gone600", "Gone 600", "gone600@example.com"),
                    _mac(world, "600", "gone600", "Gone 600", "gone600@example.com"),
                ),
                _deleted_while_another_stays,
            )
        )
        self.lost = Case(
            (
                lambda world: _user(world, "610", "lost610", "Lost 610", "lost610@example.com"),
                _deleted_for_good,
            )
        )
        self.made_again = Case(
            (
                lambda world: _user(world, "611", "lost611", "Lost 611", "lost611@example.com"),
                lambda world: world.execute("delete from people where username = 'lost611'"),
                lambda world: _decide(world, "611", Resolution.TAKE_JAMF),
            )
        )
        self.places = Case((self._a_place_and_a_group, self._they_are_entered_again))
        self.spellings = Case(
            (
                lambda world: insert(world, "people", full_name="Al Smith", username="asmith1100"),
                lambda world: _user(world, "1100", "CORP\\asmith1100", "A. Smith"),
                lambda world: _mac(world, "1101", "asmith1100@corp.local", "A. Smith"),
                lambda world: _mac(world, "1102", "ASmith1100", "A. Smith"),
            )
        )
        self.recon = Case((self._dana_has_a_mac, self._recon_writes_less))
        self.system = Case(
            (
                lambda world: [
                    _mac(world, f"121{n}", name, "System Administrator")
                    for n, name in enumerate(("root", "_mbsetupuser", "loginwindow", "MAC-1213$"))
                ],
            )
        )
        self.group = Case((self._a_mac_in_a_group, self._its_device_is_deleted))

    def all(self) -> list[Case]:
        found = []
        for value in vars(self).values():
            found += [value] if isinstance(value, Case) else list(value.values())
        return found

    def _marries(self, world: World) -> None:
        self.renamed.seen["before"] = dict(mappings(world, "user"))
        ann, bob = world.fleet.users["470"], world.fleet.users["471"]
        ann.username, ann.realname = "baker470", "Ann Baker"
        bob.email, bob.phone = "robert471@example.com", "+49 4711"

    def _ids_are_handed_out_anew(self, world: World) -> None:
        self.reused.seen["before"] = dict(mappings(world, "user"))
        for jamf_id in ("480", "481", "482"):
            world.fleet.remove_user(jamf_id)
        _user(world, "480", "new480", "New 480", "new480@example.com")
        _user(world, "482", "ada481", "Ada 481", "ada481@example.com")
        _user(world, "481", "bob482", "Bob 482", "bob482@example.com")

    def _a_place_and_a_group(self, world: World) -> None:
        world.fleet.add_building("Tower 620", building_id="620")
        world.fleet.add_building("Hut 621", building_id="621")
        add_mac(world, "620", "C02WHO000620", place={"buildingId": "620"})
        world.fleet.add_group("Team 620", group_id="620", members=["620"])
        world.fleet.add_group("Team 621", group_id="621", members=["620"])

    def _they_are_entered_again(self, world: World) -> None:
        world.execute("update devices set location_id = null where serial_number = 'C02WHO000620'")
        world.execute("delete from locations where name in ('Tower 620', 'Hut 621')")
        world.execute("delete from groups where name in ('[JAMF] Team 620', '[JAMF] Team 621')")
        add_mac(world, "622", "C02WHO000622", place={"buildingId": "620"})
        self.places.seen["location"] = insert(world, "locations", name="tower 620")
        self.places.seen["group"] = insert(world, "groups", name="[JAMF] Team 620")

    def _dana_has_a_mac(self, world: World) -> None:
        _user(world, "1200", "dlee1200@example.com", "Dana Lee", "dlee1200@example.com")
        _mac(world, "1200", "dlee1200@example.com", "Dana Lee", "dlee1200@example.com")
        _mac(world, "1201", "mroe1201", "Max Roe", "max.roe1201@example.com")

    def _recon_writes_less(self, world: World) -> None:
        dana, max_ = world.fleet.computer("1200"), world.fleet.computer("1201")
        dana.username, dana.realname, dana.email, dana.phone = "dlee1200", None, None, None
        max_.username, max_.realname, max_.email, max_.phone = "eli1201", None, None, None

    def _a_mac_in_a_group(self, world: World) -> None:
        _mac(world, "1300", "mia1300", "Mia 1300", "mia1300@example.com")
        _mac(world, "1301", "leo1301", "Leo 1301", "leo1301@example.com")
        world.fleet.add_group("Crew 1300", group_id="1300", members=["1300", "1301"])

    def _its_device_is_deleted(self, world: World) -> None:
        world.execute("delete from devices where serial_number = 'C02WHO001300'")
        world.fleet.remove_from_group("1301", "1300")


@dataclass
class Told:
    """A world after all the days."""

    world: World
    cases: _Cases


@pytest.fixture(scope="module")
def told(separate_world: SeparateWorld) -> Iterator[Told]:
    """The world after the last day, in which one more sync had nothing to write."""
    cases = _Cases()
    with separate_world() as world:
        for day in range(max(len(case.days) for case in cases.all())):
            for case in cases.all():
                if day < len(case.days):
                    case.days[day](world)
            world.sync()
            assert_counts_add_up(world)
        before = stored_rows(world)
        world.sync()
        assert stored_rows(world) == before
        assert_counts_add_up(world)
        yield Told(world, cases)


@pytest.mark.parametrize("order", ORDERS)
def test_case_i04_a_user_name_that_is_handed_on_takes_nothing_along(told: Told, order: str) -> None:
    number = _number(order, 400)
    before = told.cases.handed_on[order].seen["john"]
    john = _person(told.world, f"jsmith{number}")
    assert {name: john[name] for name in before if name != "updated_at"} == {
        name: before[name] for name in before if name != "updated_at"
    }
    assert _people(told.world, f"jane{number}") == []
    assert _device(told.world, number)["assigned_to_person_id"] == john["id"]
    assert _device(told.world, f"9{number}")["assigned_to_person_id"] is None
    (conflict,) = _conflicts(told.world, f"9{number}")
    assert (conflict["kind"], conflict["jamf_value"], conflict["moss_value"]) == (
        "identity_contradicted",
        f"jane{number}@example.com",
        f"john{number}@example.com",
    )
    for told_of in (f"Jane {number}", f"John {number}", "Nothing was written", "keep M.O.S.S."):
        assert told_of in conflict["detail"]


def test_case_i04_somebody_decides_that_the_two_are_two(told: Told) -> None:
    john, jane = _person(told.world, "John 450"), _person(told.world, "Jane 450")
    assert (john["username"], john["email_address"]) == ("decide450", "john450@example.com")
    assert (jane["username"], jane["email_address"]) == ("decide450", "jane450@example.com")
    assert _linked(told.world, "user", "9450") == str(jane["id"])
    assert _device(told.world, "9450")["assigned_to_person_id"] == jane["id"]
    assert _kinds(told.world, "9450") == []


def test_case_i04_somebody_decides_that_they_are_one_with_a_new_address(told: Told) -> None:
    mary = _person(told.world, "decide460")
    assert (mary["full_name"], mary["email_address"]) == ("Mary Miller", "baker460@example.com")
    assert _linked(told.world, "user", "9460") == str(mary["id"])
    assert _device(told.world, "9460")["assigned_to_person_id"] == mary["id"]
    assert _kinds(told.world, "9460") == []


def test_case_i04_a_marriage_and_a_new_address_keep_their_link(told: Told) -> None:
    before, after = told.cases.renamed.seen["before"], mappings(told.world, "user")
    assert {jamf_id: after[jamf_id] for jamf_id in ("470", "471")} == {
        jamf_id: before[jamf_id] for jamf_id in ("470", "471")
    }
    assert _person(told.world, "miller470")["email_address"] == "ann.miller470@example.com"
    bob = _person(told.world, "cook471")
    assert (bob["email_address"], bob["phone_number"]) == ("robert471@example.com", "+49 4711")
    assert _kinds(told.world, "470") == _kinds(told.world, "471") == []


def test_case_i04_an_id_that_was_reused_moves_nobodys_data(told: Told) -> None:
    before, after = told.cases.reused.seen["before"], mappings(told.world, "user")
    old, new = _person(told.world, "old480"), _person(told.world, "new480")
    assert (old["full_name"], old["email_address"]) == ("Old 480", "old480@example.com")
    assert after["480"] == (str(new["id"]), "synced")
    assert after["482"][0] == before["481"][0]
    assert after["481"][0] == before["482"][0]
    assert _person(told.world, "ada481")["phone_number"] == "+49 482"
    (conflict,) = _conflicts(told.world, "480")
    assert (conflict["kind"], conflict["object_id"]) == ("id_reused", old["id"])
    assert "Old 480" in conflict["detail"]
    assert "New 480" in conflict["detail"]
    assert _kinds(told.world, "481") == _kinds(told.world, "482") == []


@pytest.mark.parametrize("order", ORDERS)
def test_case_i05_two_users_of_one_mailbox_are_two_people(told: Told, order: str) -> None:
    number = _number(order, 500)
    people = {row["username"]: row for row in _people(told.world, f"helpdesk{number}")}
    assert set(people) == {f"lab{number}", f"bnguyen{number}"}
    for jamf_id, username in ((number, f"lab{number}"), (f"9{number}", f"bnguyen{number}")):
        assert _linked(told.world, "user", jamf_id) == str(people[username]["id"])
        assert _device(told.world, jamf_id)["assigned_to_person_id"] == people[username]["id"]
        assert people[username]["phone_number"] == f"+49 {jamf_id}"
        assert _kinds(told.world, jamf_id) == []


def test_case_i06_a_link_to_a_deleted_person_goes_to_the_one_that_stays(told: Told) -> None:
    person = _person(told.world, "gone600")
    assert person["full_name"] == "Gone Again"
    assert _linked(told.world, "user", "600") == str(person["id"])
    for jamf_id in ("600", "601"):
        assert _device(told.world, jamf_id)["assigned_to_person_id"] == person["id"]
    (conflict,) = _conflicts(told.world, "600")
    assert (conflict["kind"], conflict["object_id"]) == ("linked_again", person["id"])
    assert "Gone Again" in conflict["detail"]


def test_case_i06_where_nobody_is_left_a_lasting_conflict_says_so(told: Told) -> None:
    assert _people(told.world, "lost610") == []
    (conflict,) = _conflicts(told.world, "610")
    assert conflict["kind"] == "link_lost"
    assert "Lost 610" in conflict["detail"]


def test_case_i06_a_deleted_person_is_made_again_if_somebody_decides_so(told: Told) -> None:
    person = _person(told.world, "lost611")
    assert person["email_address"] == "lost611@example.com"
    assert mappings(told.world, "user")["611"] == (str(person["id"]), "synced")
    assert _kinds(told.world, "611") == []


def test_case_i06_locations_and_groups_are_linked_again_by_name(told: Told) -> None:
    seen = told.cases.places.seen
    assert mappings(told.world, "building")["620"][0] == seen["location"]
    for jamf_id in ("620", "622"):
        assert str(_device(told.world, jamf_id)["location_id"]) == seen["location"]
    assert mappings(told.world, "computer_group")["620"][0] == seen["group"]
    assert _members(told.world, seen["group"])
    found = {
        (row["object_type"], row["kind"])
        for jamf_id in ("620", "621")
        for row in _conflicts(told.world, jamf_id)
    }
    assert found == {
        (object_type, kind)
        for object_type in ("location", "group")
        for kind in ("linked_again", "link_lost")
    }


def _members(world: World, group_id: str) -> list[Row]:
    table = (
        "group_members" if world.dialect.name == "strategy" else "jamf_sync.group_device_members"
    )
    return world.query(f"select * from {table} where group_id = %s", [group_id])


def test_case_i11_spellings_of_one_user_are_flagged(told: Told) -> None:
    hand_made = _person(told.world, "Al Smith")
    corp, local = _person(told.world, "CORP\\\\asmith1100"), _person(told.world, "corp.local")
    assert _device(told.world, "1101")["assigned_to_person_id"] == local["id"]
    assert _device(told.world, "1102")["assigned_to_person_id"] == hand_made["id"]
    for external_id in ("1100", "asmith1100@corp.local"):
        (conflict,) = _conflicts(told.world, external_id)
        assert conflict["kind"] == "likely_duplicate"
        assert "Al Smith (asmith1100)" in conflict["moss_value"]
    assert corp["id"] != local["id"]


def test_case_i12_a_spelling_of_recon_is_the_same_person(told: Told) -> None:
    dana = _person(told.world, "dlee1200")
    assert _device(told.world, "1200")["assigned_to_person_id"] == dana["id"]
    # The neighbour: a bare name that is not that user's is somebody else.
    assert _device(told.world, "1201")["person"] == "eli1201"


def test_case_i12_accounts_of_the_system_are_nobody(told: Told) -> None:
    for n, name in enumerate(("root", "mbsetupuser", "loginwindow", "1213$")):
        assert _people(told.world, name) == []
        assert _device(told.world, f"121{n}")["assigned_to_person_id"] is None


def test_case_i13_a_member_whose_device_is_deleted_is_still_listed_by_jamf(told: Told) -> None:
    rows = told.world.query(
        "select change.* from jamf_sync.change_plan as change join groups on groups.id = change.object_id"
        " where change.action = 'remove' and groups.name = '[JAMF] Crew 1300'"
    )
    devices = [row for row in rows if row["external_type"] == "device"]
    leo = _device(told.world, "1301")
    reasons = {row["external_id"]: row["reason"] for row in devices}
    assert reasons.pop(str(leo["id"])) == "no_longer_listed_by_jamf"
    assert set(reasons.values()) <= {"device_deleted_in_moss"}
    if told.world.dialect.name == "release":
        (group,) = told.world.query("select id from groups where name = '[JAMF] Crew 1300'")
        people = told.world.query(
            "select p.username from public.group_members m join people p on p.id = m.person_id"
            " where m.group_id = %s",
            [group["id"]],
        )
        assert [row["username"] for row in people] == ["mia1300"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param("all", 1, id="every domain"),
        pytest.param(["CORP", "corp.local"], 1, id="listed domains"),
        pytest.param(["corp.local"], 2, id="another domain"),
    ],
)
def test_case_i11_a_policy_says_which_domains_are_no_part_of_a_user_name(
    world: World, policy: object, expected: int
) -> None:
    set_policies(world, username_domains=policy, ignored_usernames=["Kiosk"])
    insert(world, "people", full_name="Al Smith", username="asmith")
    world.fleet.add_user(id="1", username="CORP\\asmith", realname="A. Smith")
    _mac(world, "2", "asmith@corp.local", "A. Smith")
    _mac(world, "3", "ASmith", "A. Smith")
    _mac(world, "4", "CORP\\kiosk", "A kiosk")
    world.fleet.add_group("Everyone", group_id="9")
    world.sync()
    assert_counts_add_up(world)
    assert len(_people(world, "smith")) == expected
    assert _people(world, "kiosk") == []
    assert _device(world, "4")["assigned_to_person_id"] is None
    before = stored_rows(world)
    world.sync()
    assert stored_rows(world) == before


def test_case_i01_users_renumbered_by_a_restored_server_are_held_whole(world: World) -> None:
    numbers = range(1, 13)
    for number in numbers:
        _user(world, str(number), f"user{number}", f"User {number}", f"user{number}@example.com")
        _mac(world, str(number), f"user{number}", f"User {number}", f"user{number}@example.com")
    world.fleet.add_group("Everyone", group_id="9")
    world.sync()
    people = world.query("select * from people order by id")
    links, assigned = mappings(world, "user"), _assigned(world)
    for number in numbers:
        world.fleet.remove_user(str(number))
    for number in numbers:
        other = 13 - number
        _user(world, str(number), f"user{other}", f"User {other}", f"user{other}@example.com")

    held = world.sync()
    assert_counts_add_up(world)
    assert held.status == "partial"
    assert "looks like another or a restored JAMF server" in (held.message or "")
    assert world.query("select * from people order by id") == people
    assert (mappings(world, "user"), _assigned(world)) == (links, assigned)

    (plan,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")
    world.apply(plan["plan_id"], "relink")
    moved = mappings(world, "user")
    assert {number: moved[str(number)][0] for number in numbers} == {
        number: links[str(13 - number)][0] for number in numbers
    }
    for before, after in zip(people, world.query("select * from people order by id"), strict=True):
        assert (before["username"], before["email_address"]) == (
            after["username"],
            after["email_address"],
        )
    assert _assigned(world) == assigned
    world.sync()
    before = stored_rows(world)
    world.sync()
    assert stored_rows(world) == before


def _assigned(world: World) -> dict[str, str]:
    rows = world.query("select serial_number, assigned_to_person_id from devices")
    return {row["serial_number"]: str(row["assigned_to_person_id"]) for row in rows}
