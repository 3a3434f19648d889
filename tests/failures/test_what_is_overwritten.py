"""Failures 9, 16 to 20 and 36: whose value stands, and that whoever lost is told why.

The stories happen side by side in one world per dialect (`tests/e2e/stories.py`), under the policies that a new
integration has; the other policies are in `test_other_policies`.
"""

from collections.abc import Iterator

import pytest

from moss_jamf_pipeline.simulator import Computer
from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    device,
    furnish,
    insert,
    last_message,
)
from tests.e2e.stories import Story, told
from tests.failures.plans import apply_plan
from tests.support.world import Row, World

pytestmark = pytest.mark.every_dialect

_JANE = {"username": "jane", "realname": "Jane Doe", "email": "jane@example.org"}
_JOHN = {"username": "john", "realname": "John Roe", "email": "john@example.org"}


def _conflicts_of(world: World, serial_number: str) -> list[tuple[str, str | None]]:
    rows = world.query(
        """select kind, field from jamf_sync.conflicts
           where status = 'open' and object_id = (select id from devices where serial_number = %s)
           order by kind, field""",
        [serial_number],
    )
    return [(row["kind"], row["field"]) for row in rows]


def _edit(world: World, serial_number: str, **values: object) -> None:
    """What a person does to a device in M.O.S.S."""
    clauses = ", ".join(f"{name} = %s" for name in values)
    assert world.execute(
        f"update devices set {clauses} where serial_number = %s", [*values.values(), serial_number]
    )


class _AnotherUser(Story):
    computer: Computer

    def begin(self, world: World) -> None:
        self.computer = add_mac(world, "10", "C02PERSON010", user=_JANE)

    def meanwhile(self, world: World) -> None:
        assert device(world, "C02PERSON010")["person"] == "jane"
        self.computer.username, self.computer.email = _JOHN["username"], _JOHN["email"]
        self.computer.realname = _JOHN["realname"]

    def check(self, world: World) -> None:
        assert device(world, "C02PERSON010")["person"] == "john"
        assert _conflicts_of(world, "C02PERSON010") == []


class _NoUserAnyMore(Story):
    computer: Computer

    def begin(self, world: World) -> None:
        self.computer = add_mac(world, "11", "C02PERSON011", user=_JANE)

    def meanwhile(self, _: World) -> None:
        self.computer.username = self.computer.realname = self.computer.email = None

    def check(self, world: World) -> None:
        assert device(world, "C02PERSON011")["person"] == "jane"


class _AnAssignmentByHand(Story):
    by_hand: str

    def begin(self, world: World) -> None:
        add_mac(world, "20", "C02ASSIGN020", user=_JANE)

    def meanwhile(self, world: World) -> None:
        self.by_hand = insert(world, "people", full_name="By hand 20")
        _edit(world, "C02ASSIGN020", assigned_to_person_id=self.by_hand, hostname="edited 20")

    def check(self, world: World) -> None:
        found = device(world, "C02ASSIGN020")
        assert (found["person"], found["hostname"]) == ("jane", "MAC-20")
        assert _conflicts_of(world, "C02ASSIGN020") == [
            ("human_edit_overwritten", "assigned_to_person_id"),
            ("human_edit_overwritten", "hostname"),
        ]
        # The edit is kept in the change log, from which it can be put back.
        (log,) = world.query(
            "select before, rules from jamf_sync.change_plan where object_id = %s and outcome = 'applied'"
            " and action = 'update'",
            [found["id"]],
        )
        assert log["before"] == {"assigned_to_person_id": self.by_hand, "hostname": "edited 20"}
        assert set(log["rules"].values()) == {"human_edit_overwritten"}


class _BlankValues(Story):
    computer: Computer
    before: Row

    def begin(self, world: World) -> None:
        world.fleet.add_building("Main 30", building_id="30")
        world.fleet.add_user(id="30", username="pat", realname="Pat", email="pat@example.org",
                             phone="1", position="Head")  # fmt: skip
        self.computer = add_mac(
            world,
            "30",
            "C02BLANK0030",
            user=_JANE,
            place={"buildingId": "30", "room": "301"},
            assetTag="AT-30",
            barcode1="B-30",
        )

    def meanwhile(self, world: World) -> None:
        self.before = device(world, "C02BLANK0030")
        world.fleet.update_computer(
            "30",
            {
                "general": {"name": " ", "assetTag": "", "barcode1": None},
                "hardware": {"model": "", "make": None},
                "operatingSystem": {"name": None, "version": "", "build": None},
                "userAndLocation": {"username": "", "realname": None, "email": "", "buildingId": None,
                                    "room": "N/A"},
            },
        )  # fmt: skip
        user = world.fleet.users["30"]
        user.email, user.phone, user.position, user.realname = "", None, None, ""

    def check(self, world: World) -> None:
        assert device(world, "C02BLANK0030") == self.before
        (pat,) = world.query("select * from people where username = 'pat'")
        assert (pat["full_name"], pat["email_address"], pat["phone_number"], pat["job_title"]) == (
            *("Pat", "pat@example.org", "1", "Head"),
        )


class _ClocksThatDisagree(Story):
    """M.O.S.S. seems to have been written long after JAMF, or long before: it decides nothing."""

    computers: tuple[Computer, Computer]

    def begin(self, world: World) -> None:
        self.computers = add_mac(world, "40", "C02CLOCK0040"), add_mac(world, "41", "C02CLOCK0041")

    def meanwhile(self, world: World) -> None:
        long_ago, far_ahead = 0, 4_102_444_800_000
        for computer, moment in zip(self.computers, (long_ago, far_ahead), strict=True):
            computer.name = f"renamed {computer.id}"
            computer.last_contact = computer.last_check_in = computer.report_date = moment
        for number, stamp in (("40", "2099-01-01"), ("41", "1999-01-01")):
            serial = f"C02CLOCK00{number}"
            _edit(world, serial, asset_tag=f"LABEL-{number}", os_version="0")
            world.execute(
                "alter table public.devices disable trigger user;"
                f" update public.devices set updated_at = '{stamp}', created_at = '{stamp}'"
                f" where serial_number = '{serial}'; alter table public.devices enable trigger user"
            )
            world.execute(
                "update integration_object_mappings set last_synced_at = %s where external_type = 'computer'"
                " and external_id = %s",
                [stamp, number],
            )

    def check(self, world: World) -> None:
        for number in ("40", "41"):
            found = device(world, f"C02CLOCK00{number}")
            assert (found["hostname"], found["asset_tag"]) == (
                f"renamed {number}",
                f"LABEL-{number}",
            )
            assert found["os_version"] != "0"
            assert _conflicts_of(world, f"C02CLOCK00{number}") == [
                ("human_edit_overwritten", "os_version")
            ]


class _RejectedUpdates(Story):
    """JAMF has another value for everything that M.O.S.S. owns, and for what a person pinned."""

    def begin(self, world: World) -> None:
        world.fleet.add_building("Main 50", building_id="50")
        world.fleet.add_user(id="50", username="kim", realname="Kim Fifty", email="kim@example.org")
        add_mac(
            world,
            "50",
            "C02REJECT050",
            place={"buildingId": "50", "room": "501"},
            assetTag="AT-50",
        )

    def meanwhile(self, world: World) -> None:
        store = insert(world, "locations", name="Store 50")
        _edit(world, "C02REJECT050", asset_tag="LABEL-50", location_id=store, room_id=None)
        _edit(world, "C02REJECT050", device_type=world.dialect.server)
        world.execute("update people set full_name = 'Kim F.' where username = 'kim'")

    def check(self, world: World) -> None:
        found = device(world, "C02REJECT050")
        assert _conflicts_of(world, "C02REJECT050") == [
            ("owned_field_differs", "asset_tag"),
            ("owned_field_differs", "location_id"),
        ]
        suppressed = world.query(
            """select field, jamf_value, moss_value, rule from jamf_sync.suppressed_changes
               where plan_id = (select max(plan_id) from jamf_sync.plans) and (object_id = %s or moss_value = 'Kim F.')
               order by object_type, field""",
            [found["id"]],
        )
        assert [tuple(row.values()) for row in suppressed] == [
            ("asset_tag", "AT-50", "LABEL-50", "owned_field_differs"),
            ("location_id", *self._places(world), "owned_field_differs"),
            ("full_name", "Kim Fifty", "Kim F.", "only_filled"),
        ]

    @staticmethod
    def _places(world: World) -> tuple[str, str]:
        ids = {
            row["name"]: str(row["id"])
            for row in world.query("select name, id from locations where name like '%% 50'")
        }
        return ids["Main 50"], ids["Store 50"]


_STORIES = [story() for story in Story.__subclasses__() if story.__module__ == __name__]


@pytest.fixture(scope="module")
def told_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world after the stories of the default policies."""
    with told(separate_world, _STORIES) as world:
        yield world


def _check(world: World, *kinds: type[Story]) -> None:
    for story in _STORIES:
        if isinstance(story, kinds):
            story.check(world)


def test_failure_16_a_changed_user_moves_and_an_emptied_one_stays(told_world: World) -> None:
    _check(told_world, _AnotherUser, _NoUserAnyMore)


def test_failure_17_an_assignment_by_hand_is_overwritten_and_flagged(told_world: World) -> None:
    _check(told_world, _AnAssignmentByHand)


def test_failure_18_a_blank_value_overwrites_nothing(told_world: World) -> None:
    _check(told_world, _BlankValues)


def test_failure_20_clocks_of_two_systems_are_never_compared(told_world: World) -> None:
    _check(told_world, _ClocksThatDisagree)


def test_failure_36_every_rejected_update_is_listed_with_its_rule(told_world: World) -> None:
    _check(told_world, _RejectedUpdates)


# Between review and apply --------------------------------------------------------------------------------------


def test_failure_09_what_moved_since_the_plan_is_refused_and_the_rest_applied(world: World) -> None:
    furnish(world)
    computers = [add_mac(world, str(number), f"C02MOVE0000{number}") for number in range(1, 5)]
    world.sync()
    for computer in computers:
        computer.name = f"new {computer.id}"
        computer.operating_system_version = "99.9"
    world.sync("plan")
    world.execute("update devices set hostname = 'edited' where hostname = 'MAC-2'")
    world.execute("delete from devices where hostname = 'MAC-4'")
    # Another field is no reason to refuse.
    world.execute("update devices set notes = 'ours' where hostname = 'MAC-3'")

    assert apply_plan(world).success

    found = {
        row["hostname"]: row["os_version"] == "99.9"
        for row in world.query("select hostname, os_version from devices")
    }
    assert found == {"new 1": True, "edited": False, "new 3": True}
    assert (world.counts()["device"].updated, world.counts()["device"].skipped) == (2, 2)
    assert world.counts()["device"].adds_up
    assert world.history()[-1]["status"] == "partial"
    assert "2 planned changes of devices were refused" in last_message(world)

    world.sync()

    assert device(world, "C02MOVE00002")["hostname"] == "new 2"
    assert_calm(world)
