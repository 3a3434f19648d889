"""Promise 3: only a complete capture proves that something is gone."""

import pytest

from moss_jamf_pipeline.simulator import (
    Churn,
    EmptyListing,
    Faults,
    PageLimit,
    Poison,
    SimulatorConfig,
)
from tests.e2e.conftest import WorldMaker
from tests.e2e.impatience import sync_impatiently
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    devices,
    furnish,
    last_message,
    mappings,
    stored_rows,
)
from tests.support.world import World


def _unenrolled(world: World) -> set[str]:
    return {serial for serial, row in devices(world).items() if row["enrollment"] == "unenrolled"}


def test_a_record_that_jamf_cannot_serve_lets_changes_land_and_nothing_count_as_gone(
    world: World,
) -> None:
    furnish(world)
    for number in range(1, 6):
        add_mac(world, str(number), f"C02POIS0000{number}")
    world.sync()
    world.fleet.remove_computer("1")
    world.fleet.computer("2").name = "renamed"
    add_mac(world, "6", "C02POIS00006")
    world.jamf.set_faults(Faults(poison=Poison(computer_ids=frozenset({"3"}))))

    assert sync_impatiently(world).success

    assert device(world, "C02POIS00002")["hostname"] == "renamed"
    assert "C02POIS00006" in devices(world)
    assert _unenrolled(world) == set()
    assert world.counts()["device"].unenrolled == 0
    assert_counts_add_up(world)
    assert world.history()[-1]["status"] == "partial"
    assert "nothing counts as gone" in last_message(world)

    world.jamf.clear_faults()
    world.sync()

    assert _unenrolled(world) == {"C02POIS00001"}
    assert world.history()[-1]["status"] == "success"
    assert_calm(world)


def test_a_record_that_jamf_never_served_is_seen_and_failed(world: World) -> None:
    furnish(world)
    for number in range(1, 4):
        add_mac(world, str(number), f"C02NEVER000{number}")
    world.jamf.set_faults(Faults(poison=Poison(computer_ids=frozenset({"2"}))))

    assert sync_impatiently(world).success

    assert set(devices(world)) == {"C02NEVER0001", "C02NEVER0003"}
    assert (world.counts()["device"].seen, world.counts()["device"].failed) == (3, 1)
    assert_counts_add_up(world)


def test_a_fleet_that_changes_while_it_is_read_makes_nobody_unenrolled_by_mistake(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=40, users=5, groups=3, oddities=0))
    world.sync()
    world.jamf.set_faults(
        Faults(page_limit=PageLimit(largest=10), churn=Churn(deleted=1, inserted=1, count=2))
    )
    world.sync()
    world.jamf.clear_faults()

    assert _unenrolled(world) <= {
        row["serial_number"] for row in world.query("select serial_number from devices")
    } - {computer.serial_number for computer in world.fleet.computers.values()}

    world.sync()
    present = {computer.serial_number for computer in world.fleet.computers.values()}
    assert _unenrolled(world) == set(devices(world)) - present
    assert_calm(world)


@pytest.mark.parametrize("total_count", [0, None])
def test_an_empty_listing_fails_the_run_each_time_and_changes_nothing(
    world: World, total_count: int | None
) -> None:
    furnish(world)
    add_mac(world, "1", "C02EMPTY0001")
    world.sync()
    before = stored_rows(world)
    fault = EmptyListing(path="computers-inventory", total_count=total_count)

    for _ in range(2):
        world.jamf.set_faults(Faults(empty_listing=fault))
        assert not sync_impatiently(world).success
        assert stored_rows(world) == before
        history = world.history()[-1]
        assert history["status"] == "failed"
        assert history["error_message"]

    world.jamf.clear_faults()
    world.sync()

    assert stored_rows(world) == before
    assert world.history()[-1]["status"] == "success"


def test_users_whom_the_account_may_not_list_are_not_gone(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02USERS0001", user={"username": "someone"})
    world.sync()
    before = mappings(world, "user")
    world.fleet.remove_user("999999")

    sync_impatiently(world)

    assert mappings(world, "user") == before
    assert device(world, "C02USERS0001")["person"] == "someone"
