"""What a person changes between plan and apply is refused, row by row, and planned anew the next time."""

from moss_jamf_pipeline.assets.layout import MOSS_CHAIN
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    device,
    devices,
    furnish,
    insert,
    insert_device,
    last_message,
    mapping,
    stored_rows,
)
from tests.support.world import World


def _apply(world: World) -> None:
    """Applies the newest plan as a run of its own, as from the UI."""
    assert world.materialize("conflicts", *MOSS_CHAIN).success


def test_a_device_edited_since_the_plan_is_refused_and_the_others_are_written(world: World) -> None:
    furnish(world)
    computers = [add_mac(world, str(number), f"C02MOVE0000{number}") for number in range(1, 4)]
    world.sync()
    for computer in computers:
        computer.name = f"new {computer.id}"
        computer.operating_system_version = "99.9"
    world.sync("plan")
    world.execute("update devices set hostname = 'edited' where hostname = 'MAC-2'")

    _apply(world)

    found = {row["hostname"]: row["os_version"] == "99.9" for row in devices(world).values()}
    assert found == {"new 1": True, "edited": False, "new 3": True}
    assert (world.counts()["device"].updated, world.counts()["device"].skipped) == (2, 1)
    assert world.counts()["device"].adds_up
    assert world.history()[-1]["status"] == "partial"
    assert "1 planned changes of devices were refused" in last_message(world)

    world.sync()

    assert device(world, "C02MOVE00002")["hostname"] == "new 2"
    assert world.history()[-1]["status"] == "success"
    assert_calm(world)


def test_an_edit_of_another_field_does_not_refuse_the_change(world: World) -> None:
    computer = add_mac(world, "1", "C02MOVE00004")
    world.sync()
    computer.name = "new"
    world.sync("plan")
    world.execute("update devices set notes = 'by hand', status = 'repair'")

    _apply(world)

    found = device(world, "C02MOVE00004")
    assert (found["hostname"], found["notes"], found["status"]) == ("new", "by hand", "repair")


def test_a_device_that_is_gone_by_now_is_refused(world: World) -> None:
    computer = add_mac(world, "1", "C02MOVE00005")
    world.sync()
    computer.name = "new"
    world.sync("plan")
    world.execute("delete from devices")

    _apply(world)

    assert devices(world) == {}
    assert world.counts()["device"].skipped == 1


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
