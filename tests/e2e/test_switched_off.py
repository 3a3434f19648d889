"""What M.O.S.S. has switched off: whole integrations, single collections, changes of existing devices."""

import dagster as dg
import pytest

from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    check,
    device,
    devices,
    furnish,
    insert_device,
    mappings,
    set_policies,
    stored_rows,
)
from tests.support.world import PREFIX, World

_JANE = {"username": "jane", "realname": "Jane Roe", "email": "jane@example.org"}


@pytest.fixture
def office(world: World) -> World:
    """A Mac in a building and a static group, whose user has a user record; and a user without a Mac."""
    furnish(world)
    building = world.fleet.add_building("Berlin")
    world.fleet.add_department("Design")
    world.fleet.add_user(id="12", position="Architect", **_JANE)
    add_mac(world, "1", "C02OFF000001", user=_JANE, place={"buildingId": building.id, "room": "2"})
    world.fleet.add_group("Loaners", group_id="5", members=["1"])
    return world


def _objects(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Everything but the links, which keep the newest documents."""
    rows = stored_rows(world)
    return {table: found for table, found in rows.items() if "mappings" not in table}


def _metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
    (event,) = result.asset_materializations_for_node(f"{PREFIX}__{asset}")
    return {name: value.value for name, value in event.metadata.items()}


# -- single collections ------------------------------------------------------------------------


def test_without_user_records_the_people_whom_computers_name_are_created(office: World) -> None:
    world = office
    set_policies(world, sync_users=False)

    result = world.sync_in_dagster()

    assert {row["username"] for row in world.query("select username from people")} == {"jane"}
    assert device(world, "C02OFF000001")["person"] == "jane"
    assert set(mappings(world, "computer_user")) == {"jane"}
    for asset in ("raw_jamf_users", "jamf_users_snapshot"):
        assert "sync_settings.sync_users" in str(_metadata(result, asset)["switched_off"])
    for name in ("snapshot_is_complete", "snapshot_did_not_vanish", "every_record_is_usable"):
        found = check(result, "jamf_users_snapshot", name)
        assert found.passed
        assert "sync_settings.sync_users" in str(found.metadata["switched_off"].value)
    assert world.query("select * from jamf_sync.captures where collection = 'users'") == []
    assert world.history()[-1]["status"] == "success"
    assert_counts_add_up(world)
    assert_calm(world)


def test_user_records_switched_off_later_keep_links_people_and_who_is_who(office: World) -> None:
    world = office
    world.sync()
    world.execute("update people set username = 'roe', email_address = 'roe@example.org'")
    world.sync()
    people = world.query("select * from people order by id")
    links = mappings(world, "user")
    set_policies(world, sync_users=False)
    world.fleet.remove_user("12")
    world.fleet.users["999999"].email = "changed@example.org"
    add_mac(world, "2", "C02OFF000002", user={"username": "jane"})

    world.sync()

    assert world.query("select * from people order by id") == people
    assert mappings(world, "user") == links
    assert mappings(world, "computer_user") == {}
    assert (
        device(world, "C02OFF000002")["assigned_to_person_id"]
        == (device(world, "C02OFF000001")["assigned_to_person_id"])
    )
    assert world.counts()["person"].seen == 0
    assert_counts_add_up(world)
    assert_calm(world)


def test_groups_switched_off_later_keep_their_members(office: World) -> None:
    world = office
    world.sync()
    before, links = _objects(world), mappings(world, "computer_group")
    set_policies(world, sync_computer_groups=False)
    world.fleet.remove_from_group("1", "5")
    world.fleet.remove_group("999999")

    world.sync()

    assert _objects(world) == before
    assert mappings(world, "computer_group") == links
    assert "group" not in world.counts()
    assert "group_member" not in world.counts()
    assert world.history()[-1]["status"] == "success"


def test_computers_switched_off_later_keep_devices_places_interfaces_and_members(
    office: World,
) -> None:
    world = office
    world.sync()
    before = stored_rows(world)
    set_policies(world, sync_computers=False, sync_departments=True)
    for computer_id in list(world.fleet.computers):
        world.fleet.remove_computer(computer_id)
    world.fleet.add_building("Hamburg")

    result = world.sync_in_dagster()

    assert stored_rows(world) == before
    assert set(world.counts()) == {"person", "group"}
    for collection in ("computers", "buildings", "departments"):
        assert "sync_computers" in str(_metadata(result, f"raw_jamf_{collection}")["switched_off"])
    assert check(result, "jamf_computers_snapshot", "snapshot_did_not_vanish").passed
    assert world.history()[-1]["status"] == "success"
    assert_counts_add_up(world)

    set_policies(world)
    add_mac(world, "7", "C02OFF000007")
    world.sync()
    assert mappings(world, "computer")["1"][1] == "deleted_external"
    assert "C02OFF000007" in devices(world)


def test_with_everything_switched_off_a_run_does_nothing_and_says_so(office: World) -> None:
    world = office
    set_policies(world, sync_computers=False, sync_users=False, sync_groups=False)

    assert world.sync().success

    assert world.counts() == {}
    assert devices(world) == {}
    last = world.history()[-1]
    assert (last["status"], last["items_processed"]) == ("success", 0)


# -- existing devices --------------------------------------------------------------------------


def test_existing_devices_are_linked_and_not_changed_if_the_settings_say_so(office: World) -> None:
    world = office
    insert_device(world, "C02OFF000001", hostname="by hand")
    set_policies(world, update_existing_devices=False, on_unlinked_serial="adopt")
    add_mac(world, "2", "C02OFF000002")
    (before,) = world.query("select * from devices")

    world.sync()

    (after,) = world.query("select * from devices where hostname = 'by hand'")
    assert after == before
    assert mappings(world, "computer")["1"] == (str(before["id"]), "synced")
    assert device(world, "C02OFF000002")["hostname"] == "MAC-2"

    world.fleet.computer("2").name = "renamed"
    world.sync()
    assert device(world, "C02OFF000002")["hostname"] == "MAC-2"
    assert_calm(world)


def test_a_device_that_is_not_to_be_updated_is_still_shown_as_gone_and_as_back(
    office: World,
) -> None:
    world = office
    set_policies(world, update_existing_devices=False)
    add_mac(world, "2", "C02OFF000002")
    world.sync()
    gone = world.fleet.remove_computer("2")
    world.sync()
    assert device(world, "C02OFF000002")["enrollment"] == "unenrolled"
    world.fleet.store_computer(gone)
    world.sync()
    assert device(world, "C02OFF000002")["enrollment"] == "enrolled"


# -- the whole integration ---------------------------------------------------------------------


def test_an_integration_that_is_off_captures_and_writes_nothing(office: World) -> None:
    world = office
    world.execute("update integration_configs set is_enabled = false")

    for scope in ("everything", "plan"):
        outcome = world.sync(scope, may_fail=True)
        assert not outcome.success
        assert "switched off in M.O.S.S." in outcome.failures[0].message
        assert "moss-jamf init --enable" in outcome.failures[0].message

    assert world.query("select * from jamf_sync.captures") == []
    assert devices(world) == {}
