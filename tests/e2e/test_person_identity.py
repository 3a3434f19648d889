"""Case by case: which person a JAMF user is, and each user whom only a computer names."""

from collections.abc import Iterator

import pytest

from moss_jamf_pipeline.simulator import Computer, User
from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import add_mac, device, insert, mapping, mappings
from tests.e2e.stories import Story, told
from tests.support.world import Row, World


def _people(world: World, pattern: str) -> list[Row]:
    """The people whose user name, e-mail address or name contains a text."""
    return world.query(
        "select * from people where concat_ws(' ', username, email_address, full_name) ilike %s"
        " order by created_at, id",
        [f"%{pattern}%"],
    )


def _person(world: World, pattern: str) -> Row:
    (person,) = _people(world, pattern)
    return person


def _user(world: World, jamf_id: str, username: str, **values: str) -> User:
    return world.fleet.add_user(id=jamf_id, username=username, realname=username.title(), **values)


class APersonIsFoundByEMailWhateverItsCase(Story):
    person_id: str

    def begin(self, world: World) -> None:
        self.person_id = insert(
            world, "people", full_name="Ann Ten", email_address="Ann10@Example.org"
        )
        _user(world, "10", "ann", email="ann10@EXAMPLE.org")

    def check(self, world: World) -> None:
        assert mappings(world, "user")["10"] == (self.person_id, "synced")
        person = _person(world, "ann10")
        assert (person["full_name"], person["username"]) == ("Ann Ten", "ann")


class APersonWithoutEMailIsFoundByUserNameWhateverItsCase(Story):
    person_id: str

    def begin(self, world: World) -> None:
        self.person_id = insert(world, "people", full_name="Ben Eleven", username="BEN11")
        _user(world, "11", "ben11", email="ben11@example.org")

    def check(self, world: World) -> None:
        assert mappings(world, "user")["11"] == (self.person_id, "synced")
        assert _person(world, "ben11")["email_address"] == "ben11@example.org"
        assert _person(world, "ben11")["username"] == "BEN11"


class TheEMailAddressComesBeforeTheUserName(Story):
    by_email: str

    def begin(self, world: World) -> None:
        self.by_email = insert(world, "people", full_name="A", email_address="cat12@example.org")
        insert(world, "people", full_name="B", username="cat12")
        _user(world, "12", "cat12", email="cat12@example.org")

    def check(self, world: World) -> None:
        assert mappings(world, "user")["12"][0] == self.by_email


class AUserNameOfTwoPeopleIsLeftToAPerson(Story):
    def begin(self, world: World) -> None:
        for name in ("Fay one", "Fay two"):
            insert(world, "people", full_name=name, username="fay15")
        _user(world, "15", "fay15", email="fay15@example.org")

    def check(self, world: World) -> None:
        assert {row["email_address"] for row in _people(world, "fay15")} == {None}
        assert mapping(world, "user", "15") is None


class AUserWhomOnlyAMacNamesIsThePersonOfTheLaterUserRecord(Story):
    before: Row | None

    def begin(self, world: World) -> None:
        user = {"username": "Gus16", "realname": "Gus Sixteen", "email": "gus16@example.org"}
        add_mac(world, "16", "C02PEOPLE016", user=user)

    def meanwhile(self, world: World) -> None:
        self.before = mapping(world, "computer_user", "gus16")
        _user(world, "16", "gus16", email="gus16@example.org", phone="16")

    def check(self, world: World) -> None:
        after = mapping(world, "user", "16")
        assert self.before is not None
        assert after is not None
        assert (after["id"], after["internal_id"]) == (
            self.before["id"],
            self.before["internal_id"],
        )
        assert mapping(world, "computer_user", "gus16") is None
        assert _person(world, "gus16")["phone_number"] == "16"
        assert device(world, "C02PEOPLE016")["person"] == "Gus16"


class AUserRecordThatIsDeletedWhileAMacNamesTheUserLeavesThePerson(Story):
    before: Row | None

    def begin(self, world: World) -> None:
        _user(world, "17", "hal17", email="hal17@example.org")
        add_mac(
            world, "17", "C02PEOPLE017", user={"username": "hal17", "email": "hal17@example.org"}
        )

    def meanwhile(self, world: World) -> None:
        self.before = mapping(world, "user", "17")
        world.fleet.remove_user("17")

    def check(self, world: World) -> None:
        after = mapping(world, "computer_user", "hal17")
        assert self.before is not None
        assert after is not None
        assert (after["internal_id"], after["sync_status"]) == (
            self.before["internal_id"],
            "synced",
        )
        assert _person(world, "hal17")["id"] == after["internal_id"]
        assert device(world, "C02PEOPLE017")["person"] == "hal17"


class AUserRecordThatIsDeletedLeavesThePersonAsItWas(Story):
    before: Row

    def begin(self, world: World) -> None:
        _user(world, "18", "ida18", email="ida18@example.org")

    def meanwhile(self, world: World) -> None:
        self.before = _person(world, "ida18")
        world.fleet.remove_user("18")

    def check(self, world: World) -> None:
        assert _person(world, "ida18") == self.before
        assert mappings(world, "user")["18"] == (str(self.before["id"]), "deleted_external")


class AUserNameThatIsTheEMailAddressOfAUserIsThatUser(Story):
    def begin(self, world: World) -> None:
        _user(world, "19", "jim19", email="jim19@example.org")
        add_mac(world, "19", "C02PEOPLE019", user={"username": "Jim19@example.org"})

    def check(self, world: World) -> None:
        assert (
            device(world, "C02PEOPLE019")["assigned_to_person_id"] == _person(world, "jim19")["id"]
        )


class AUserNameThatIsAnEMailAddressOfNoUserIsOnePerson(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "20", "C02PEOPLE020", user={"username": "kim20@example.org"})
        add_mac(world, "21", "C02PEOPLE021", user={"email": "KIM20@example.org", "realname": "Kim"})

    def check(self, world: World) -> None:
        person = _person(world, "kim20")
        for serial in ("C02PEOPLE020", "C02PEOPLE021"):
            assert device(world, serial)["assigned_to_person_id"] == person["id"]


class TwoUsersOfOneEMailAddressAreTwoPeople(Story):
    def begin(self, world: World) -> None:
        _user(world, "22", "lea22", email="lea22@example.org")
        _user(world, "23", "admin22", email="LEA22@example.org")
        add_mac(world, "22", "C02PEOPLE022", user={"username": "lea22"})
        add_mac(world, "23", "C02PEOPLE023", user={"username": "admin22"})

    def check(self, world: World) -> None:
        people = {row["username"]: row for row in _people(world, "lea22")}
        assert set(people) == {"lea22", "admin22"}
        for number, username in (("22", "lea22"), ("23", "admin22")):
            person = people[username]
            assert device(world, f"C02PEOPLE0{number}")["assigned_to_person_id"] == person["id"]
            assert mappings(world, "user")[number] == (str(person["id"]), "synced")


class OneUserInSeveralSpellingsIsOnePerson(Story):
    def begin(self, world: World) -> None:
        for number, name in enumerate(("Max24", "MAX24", " max24 ")):
            add_mac(world, f"24{number}", f"C02PEOPL24{number}", user={"username": name})

    def check(self, world: World) -> None:
        person = _person(world, "max24")
        assert {
            device(world, f"C02PEOPL24{number}")["assigned_to_person_id"] for number in range(3)
        } == {person["id"]}


class APersonDeletedInMossIsNotCreatedAgain(Story):
    person_id: str

    def begin(self, world: World) -> None:
        _user(world, "25", "nat25", email="nat25@example.org")
        add_mac(world, "25", "C02PEOPLE025", user={"username": "nat25"})

    def meanwhile(self, world: World) -> None:
        self.person_id = str(_person(world, "nat25")["id"])
        world.execute("delete from people where username = 'nat25'")

    def check(self, world: World) -> None:
        assert _people(world, "nat25") == []
        assert mappings(world, "user")["25"] == (self.person_id, "deleted_internal")
        assert device(world, "C02PEOPLE025")["assigned_to_person_id"] is None


class EMailAddressesThatTwoUsersSwapFollowTheUsers(Story):
    users: tuple[User, User]
    ids: tuple[str, str]

    def begin(self, world: World) -> None:
        self.users = (
            _user(world, "26", "ola26", email="ola26@example.org"),
            _user(world, "27", "pia27", email="pia27@example.org"),
        )

    def meanwhile(self, world: World) -> None:
        self.ids = mappings(world, "user")["26"][0], mappings(world, "user")["27"][0]
        self.users[0].email, self.users[1].email = "pia27@example.org", "ola26@example.org"

    def check(self, world: World) -> None:
        assert (mappings(world, "user")["26"][0], mappings(world, "user")["27"][0]) == self.ids
        rows = world.query(
            "select id, email_address from people where username in ('ola26', 'pia27')"
        )
        assert {str(row["id"]): row["email_address"] for row in rows} == {
            self.ids[0]: "pia27@example.org",
            self.ids[1]: "ola26@example.org",
        }


class ANameThatTheWebApplicationStoredEscapedIsFound(Story):
    person_id: str

    def begin(self, world: World) -> None:
        self.person_id = insert(
            world, "people", full_name="Pat O&#x27;Neil28", username="o&#x27;neil28"
        )
        world.fleet.add_user(id="28", username="o'neil28", realname="Pat O'Neil28")

    def check(self, world: World) -> None:
        assert mappings(world, "user")["28"][0] == self.person_id
        assert _person(world, "neil28")["full_name"] == "Pat O&#x27;Neil28"


class AReassignedMacGoesToThePersonWhomOnlyTheMacNames(Story):
    computer: Computer

    def begin(self, world: World) -> None:
        self.computer = add_mac(world, "29", "C02PEOPLE029", user={"username": "rob29"})

    def meanwhile(self, _: World) -> None:
        self.computer.username, self.computer.email = "sue29", "sue29@example.org"

    def check(self, world: World) -> None:
        assert device(world, "C02PEOPLE029")["person"] == "sue29"
        assert len(_people(world, "rob29")) == 1
        assert mappings(world, "computer_user")["rob29"][1] == "synced"


class AnImportedPersonIsMarkedAndAnAdoptedOneIsNot(Story):
    def begin(self, world: World) -> None:
        insert(world, "people", full_name="Tom30", email_address="tom30@example.org")
        _user(world, "30", "tom30", email="tom30@example.org")
        _user(world, "31", "una31", email="una31@example.org")

    def check(self, world: World) -> None:
        marked = world.query(
            "select p.username from custom_field_values v join people p on p.id = v.object_id"
            " where v.field_name = 'imported_from_jamf' and v.value = 'true'"
        )
        names = {row["username"] for row in marked}
        assert "una31" in names
        assert "tom30" not in names
        assert _person(world, "una31")["person_type"] == "employee"


class AUserWithoutAnyNameButAnEMailAddressGetsOne(Story):
    def begin(self, world: World) -> None:
        add_mac(world, "32", "C02PEOPLE032", user={"email": "vic32@example.org"})

    def check(self, world: World) -> None:
        assert _person(world, "vic32")["full_name"] == "vic32"


_STORIES = [story() for story in Story.__subclasses__() if story.__module__ == __name__]


@pytest.fixture(scope="module")
def told_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world after all the stories of this file."""
    with told(separate_world, _STORIES) as world:
        yield world


@pytest.mark.parametrize("story", _STORIES, ids=lambda story: type(story).__name__)
def test_story(told_world: World, story: Story) -> None:
    story.check(told_world)
