"""Failures 16, 17 and 19, under other policies than the default ones and under fuzzed syncs.

On the released M.O.S.S. only, as many syncs take their time; on the other one the properties say the same
(`tests/e2e/test_any_course_of_events.py`).
"""

from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest

from moss_jamf_pipeline.simulator import Computer, EvolutionError, EvolveRequest, SimulatorConfig
from tests.e2e.conftest import SeparateWorld, WorldMaker
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    insert,
    insert_device,
    set_policies,
)
from tests.e2e.stories import Story, told
from tests.support.properties import examples
from tests.support.world import Row, World

pytestmark = pytest.mark.dialects("release")

_JANE = {"username": "jane", "realname": "Jane Doe", "email": "jane@example.org"}
_JOHN = {"username": "john", "realname": "John Roe", "email": "john@example.org"}


class _Policies(Story):
    def begin(self, world: World) -> None:
        set_policies(world, on_human_edit="keep", on_empty_user="clear")

    def check(self, world: World) -> None:
        """Nothing of its own."""


class _NoUserAnyMoreAndItIsToBeCleared(Story):
    computer: Computer

    def begin(self, world: World) -> None:
        self.computer = add_mac(world, "12", "C02PERSON012", user=_JANE)

    def meanwhile(self, _: World) -> None:
        self.computer.username = self.computer.realname = self.computer.email = None

    def check(self, world: World) -> None:
        assert device(world, "C02PERSON012")["person"] is None


class _AnAssignmentByHandThatIsToBeKept(Story):
    by_hand: str
    computer: Computer

    def begin(self, world: World) -> None:
        self.computer = add_mac(world, "21", "C02ASSIGN021", user=_JANE)

    def meanwhile(self, world: World) -> None:
        self.by_hand = insert(world, "people", full_name="By hand 21")
        world.execute(
            "update devices set assigned_to_person_id = %s where serial_number = 'C02ASSIGN021'",
            [self.by_hand],
        )
        self.computer.username, self.computer.email = _JOHN["username"], _JOHN["email"]
        self.computer.operating_system_version = "99.9"

    def check(self, world: World) -> None:
        found = device(world, "C02ASSIGN021")
        assert str(found["assigned_to_person_id"]) == self.by_hand
        assert found["os_version"] == "99.9"
        assert world.query(
            "select kind, field from jamf_sync.conflicts where status = 'open' and object_id = %s",
            [found["id"]],
        ) == [{"kind": "human_edit_kept", "field": "assigned_to_person_id"}]


_STORIES = [_Policies(), _NoUserAnyMoreAndItIsToBeCleared(), _AnAssignmentByHandThatIsToBeKept()]


@pytest.fixture(scope="module")
def other_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world after the stories of the other policies."""
    with told(separate_world, _STORIES) as world:
        yield world


def _check(world: World, kind: type[Story]) -> None:
    (story,) = [story for story in _STORIES if isinstance(story, kind)]
    story.check(world)


def test_failure_16_an_emptied_user_is_cleared_if_the_policy_says_so(other_world: World) -> None:
    _check(other_world, _NoUserAnyMoreAndItIsToBeCleared)


def test_failure_17_an_assignment_by_hand_is_kept_if_the_policy_says_so(
    other_world: World,
) -> None:
    _check(other_world, _AnAssignmentByHandThatIsToBeKept)


# What M.O.S.S. owns, whatever happens --------------------------------------------------------------------------

# Everything an owner may write by hand, as SET clauses; `other.*` are rows that JAMF knows nothing of.
_OWNED = {
    "devices": """asset_tag = 'BY-HAND', warranty_expiration = '2029-01-01', purchase_date = '2026-01-02',
        install_date = '2026-01-03', notes = 'by hand', status = 'repair', device_type = '{server}',
        location_id = (select id from locations where name = 'By hand'),
        room_id = (select id from rooms where name = 'By hand')""",
    "ios": """native_network_id = (select id from networks), port_number = '12', trunk_mode = 'access',
        connected_to_io_id = (select i.id from ios i join devices d on d.id = i.device_id
                              where d.hostname = 'switch'), status = 'inactive', notes = 'by hand'""",
    "people": """manager_id = (select id from people where full_name = 'The boss'), hire_date = '2020-02-02',
        department = 'By hand', person_type = 'contractor', status = 'inactive', notes = 'by hand',
        location_id = (select id from locations where name = 'By hand')""",
    "locations": "address = 'by hand', notes = 'by hand', location_type = 'warehouse'",
    "rooms": "room_number = 'by hand', notes = 'by hand'",
    "groups": "description = 'by hand', notes = 'by hand'",
}


def _owned_values(world: World) -> dict[str, list[Row]]:
    columns = {
        "devices": "asset_tag, warranty_expiration, purchase_date, install_date, notes, status, device_type,"
        " location_id, room_id",
        "ios": "native_network_id, port_number, trunk_mode, connected_to_io_id, status, notes",
        "people": "manager_id, hire_date, department, person_type, status, notes, location_id, username, full_name",
        "locations": "name, address, notes, location_type",
        "rooms": "name, location_id, room_number, notes",
        "groups": "description, notes",
    }
    return {
        table: world.query(f"select id, {names} from {table} order by id")
        for table, names in columns.items()
    }


def _edit_everything_owned(world: World) -> None:
    location = insert(world, "locations", name="By hand")
    insert(world, "rooms", name="By hand", location_id=location)
    insert(world, "people", full_name="The boss")
    insert(world, "networks", name="Office")
    switch = insert_device(world, "SWITCH1", hostname="switch")
    insert(world, "ios", device_id=switch, interface_name="1", interface_type="ethernet")
    for table, clauses in _OWNED.items():
        statement = f"update {table} set {clauses.format(server=world.dialect.server)}"
        assert world.execute(statement) > 0


# What people do between two syncs to values that JAMF owns: table, an order that is the same in every run, SET clauses.
_EDITS_OF_JAMFS = (
    ("devices", "serial_number", "hostname = 'edited ' || serial_number"),
    (
        "devices",
        "serial_number",
        "model = 'edited', os_version = '0', assigned_to_person_id = null",
    ),
    (
        "people",
        "full_name",
        "email_address = 'edited', phone_number = 'edited', job_title = 'edited'",
    ),
    ("groups", "external_id", "name = 'edited'"),
    ("ios", "mac_address", "interface_name = 'edited'"),
    ("rooms", "name", "updated_at = now()"),
)


def _edit_at_random(world: World, random: Random) -> None:
    for table, order, clauses in random.sample(_EDITS_OF_JAMFS, 3):
        rows = world.query(f"select id from {table} order by {order}, created_at")
        chosen = [row["id"] for row in random.sample(rows, min(3, len(rows)))]
        world.execute(f"update {table} set {clauses} where id = any (%s)", [chosen])
    serial_number = f"BYHAND{random.randrange(10**9)}"
    insert_device(world, serial_number, hostname=f"by hand {serial_number}")


def _evolve_at_random(world: World, random: Random) -> None:
    kinds = (
        *("enrolments", "wipes", "re_enrolments", "board_swaps", "reassignments", "renames"),
        *("os_updates", "user_changes", "building_renames", "group_changes"),
    )
    request = EvolveRequest(
        **{kind: random.randrange(2) for kind in kinds}, seed=random.randrange(1000)
    )
    # The fleet may have become too small for it.
    with suppress(EvolutionError):
        world.jamf.evolve(request)
    for computer in random.sample(list(world.fleet.computers.values()), 5):
        computer.asset_tag, computer.room = (
            f"JAMF-{random.random()}",
            f"elsewhere {random.random()}",
        )


def test_failure_19_fuzzed_syncs_in_a_row_leave_what_moss_owns_as_it_was(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=30, users=20, groups=6, seed=13))
    random = Random(2026)
    insert_device(world, str(world.fleet.computer("3").serial_number), asset_tag="KNOWN-BEFORE")
    world.sync()
    _edit_everything_owned(world)
    by_hand = _owned_values(world)

    for _ in range(examples(5)):
        _evolve_at_random(world, random)
        _edit_at_random(world, random)
        world.sync()
        assert_counts_add_up(world)

    now = _owned_values(world)
    for table, rows in by_hand.items():
        known = {row["id"] for row in rows}
        assert [row for row in now[table] if row["id"] in known] == rows, table
    assert_calm(world)
