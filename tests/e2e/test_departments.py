"""Departments reach people where M.O.S.S. has a place for them, and only where somebody switched that on."""

import pytest

from moss_jamf_pipeline.services import reverts
from moss_jamf_pipeline.services.reverts import RevertScope
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.e2e.inventory import add_mac, assert_calm, assert_counts_add_up, set_policies
from tests.support.world import World

_JANE = {"username": "jane", "realname": "Jane Doe", "email": "jane@example.org"}
_JOHN = {"username": "john", "realname": "John Roe", "email": "john@example.org"}
_RUTH = {"username": "ruth", "realname": "Ruth Poe", "email": "ruth@example.org"}


def _departments(world: World) -> dict[str, str | None]:
    rows = world.query("select username, department from people")
    return {row["username"]: row["department"] for row in rows}


@pytest.mark.every_dialect
def test_a_departments_way_to_people_is_switched_on_by_somebody(world: World) -> None:
    fleet = world.fleet
    fleet.add_department("R&D", department_id="1")
    fleet.add_department("Sales", department_id="2")
    add_mac(world, "1", "C02DEPART001", user=_JANE, place={"departmentId": "1"})
    add_mac(world, "2", "C02DEPART002", user=_JANE, place={"departmentId": "1"})
    add_mac(world, "3", "C02DEPART003", user=_JANE)
    add_mac(world, "4", "C02DEPART004", user=_JOHN, place={"departmentId": "1"})
    add_mac(world, "5", "C02DEPART005", user=_JOHN, place={"departmentId": "2"})
    world.sync()
    # Nobody asked for them: not one request, no privilege, and people are as they were.
    assert world.jamf.requests.of("departments") == 0
    assert _departments(world) == {"jane": None, "john": None}
    assert world.query("select from jamf_sync.raw_jamf_departments") == []
    world.execute("update people set department = 'Hand-made' where username = 'john'")
    assert_calm(world)

    set_policies(world, sync_departments=True)
    add_mac(world, "6", "C02DEPART006", user=_RUTH, place={"departmentId": "2"})
    world.sync()
    assert world.jamf.requests.of("departments") > 0
    # Whose devices disagree has none by them, and what a person wrote stays.
    filled = {"jane": "R&D", "john": "Hand-made", "ruth": "Sales"}
    assert _departments(world) == filled
    assert_counts_add_up(world)
    (plan,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")
    assert_calm(world)

    # Whoever empties it means it, and another department in JAMF is no reason to write over one in M.O.S.S.
    world.execute("update people set department = null where username = 'ruth'")
    for computer in ("1", "2"):
        fleet.update_computer(computer, {"userAndLocation": {"departmentId": "2"}})
    world.sync()
    assert _departments(world) == {**filled, "ruth": None}

    set_policies(world)
    assert_calm(world)
    assert _departments(world) == {**filled, "ruth": None}

    # It is undone as any other field is.
    with Workplace(Settings()) as workplace:
        scope = RevertScope(object_type="person")
        made = reverts.make(workplace, Settings().integration, plan["plan_id"], scope)
    world.apply(made.plan_id)
    assert _departments(world)["jane"] is None
