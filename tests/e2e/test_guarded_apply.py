"""What a person changes between plan and apply is refused, row by row, and planned anew the next time."""

from moss_jamf_pipeline.engine.scopes import MOSS_CHAIN
from tests.e2e.inventory import (
    add_mac,
    device,
    devices,
    furnish,
    insert,
    insert_device,
    mapping,
    stored_rows,
)
from tests.support.world import World


def _apply(world: World) -> None:
    """Applies the newest plan as a run of its own, as from the UI."""
    assert world.materialize("conflicts", *MOSS_CHAIN).success


def test_a_device_that_a_person_entered_since_the_plan_is_not_doubled(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02MOVE00006")
    add_mac(world, "2", "C02MOVE00007")
    world.sync("plan")
    entered = insert_device(world, "c02move00006", notes="ours")

    _apply(world)

    assert set(devices(world)) == {"c02move00006", "C02MOVE00007"}
    assert mapping(world, "computer", "1") is None

    world.sync()

    link = mapping(world, "computer", "1")
    assert link is not None
    assert str(link["internal_id"]) == entered
    assert len(devices(world)) == 2


def test_a_room_is_not_filled_into_a_device_that_was_moved_since_the_plan(world: World) -> None:
    world.fleet.add_building("Main", building_id="1")
    computer = add_mac(world, "1", "C02MOVE00008", place={"buildingId": "1"})
    world.sync()
    computer.room = "301"
    world.sync("plan")
    world.execute("update devices set location_id = %s", [insert(world, "locations", name="Store")])

    _apply(world)

    assert device(world, "C02MOVE00008")["room"] is None
    assert world.counts()["device"].skipped == 1


def test_people_and_groups_that_were_edited_since_the_plan_are_refused(world: World) -> None:
    user = world.fleet.add_user(id="1", username="jane", email="jane@example.org", position="Clerk")
    world.fleet.add_group("Ours", group_id="1")
    add_mac(world, "1", "C02MOVE00009")
    world.sync()
    user.position = "Head"
    world.fleet.rename_group("1", "Theirs")
    world.sync("plan")
    world.execute("update people set job_title = 'Boss'")
    world.execute("update groups set name = 'By hand'")

    _apply(world)

    assert world.query("select job_title from people") == [{"job_title": "Boss"}]
    assert world.query("select name from groups") == [{"name": "By hand"}]
    assert (world.counts()["person"].skipped, world.counts()["group"].skipped) == (1, 1)


def test_a_plan_that_was_applied_once_writes_nothing_when_it_is_applied_again(world: World) -> None:
    furnish(world)
    world.fleet.add_building("Main", building_id="1")
    add_mac(
        world,
        "1",
        "C02MOVE00010",
        place={"buildingId": "1", "room": "1"},
        user={"username": "jane"},
    )
    world.sync()
    before = stored_rows(world)

    _apply(world)

    assert stored_rows(world) == before
    assert world.history()[-1]["status"] == "success"
