"""A sync that M.O.S.S. confines to a JAMF group: what is outside is neither changed nor taken for gone."""

from collections.abc import Mapping

import pytest
from psycopg.types.json import Jsonb

from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    devices,
    finding,
    furnish,
    mapping,
    mappings,
    set_policies,
    stored_rows,
)
from tests.support.world import World

_GROUP = "77"


def _confine(world: World, **scope: object) -> None:
    world.execute("update integration_configs set access_scope = %s", [Jsonb(scope)])


@pytest.fixture
def fleet_of_two(world: World) -> World:
    """Mac 1 is in the group, Mac 2 is not; each has a user and interfaces of its own."""
    furnish(world)
    for jamf_id in ("1", "2"):
        add_mac(
            world,
            jamf_id,
            f"C02SCOPE000{jamf_id}",
            user={"username": f"user{jamf_id}", "email": f"user{jamf_id}@example.org"},
            hardware={"macAddress": f"A1:B2:C3:00:00:0{jamf_id}"},
            assetTag=f"TAG-{jamf_id}",
        )
    world.fleet.add_group("Design Macs", group_id=_GROUP, smart=True, members=["1"])
    return world


@pytest.mark.parametrize(
    ("scope", "settings"),
    [
        ({"jamf_smart_group_id": 77}, {}),
        ({}, {"smart_group_filter": "design macs"}),
    ],
    ids=str,
)
def test_only_members_of_the_group_are_synced(
    fleet_of_two: World, scope: Mapping[str, object], settings: Mapping[str, object]
) -> None:
    world = fleet_of_two
    _confine(world, **scope)
    set_policies(world, **settings)

    world.sync()

    assert set(devices(world)) == {"C02SCOPE0001"}
    assert "user2" not in {row["username"] for row in world.query("select username from people")}
    (stored,) = world.query(
        "select document from jamf_sync.raw_jamf where collection = 'computers' and jamf_id = '2'"
    )
    mac = world.fleet.computer("2")
    assert stored["document"] == {
        "id": "2",
        "outOfScope": True,
        "udid": mac.udid,
        "general": {"managementId": mac.management_id},
    }
    counts = world.counts()["device"]
    assert (counts.seen, counts.created, counts.skipped, counts.failed) == (2, 1, 1, 0)
    assert world.query("select jamf_id, reason from jamf_sync.quarantine") == [
        {"jamf_id": "2", "reason": "out_of_scope"}
    ]
    assert finding(world.outcomes[-1], "jamf_computers_snapshot", "every_record_is_usable").passed
    assert world.history()[-1]["status"] == "success"
    assert_counts_add_up(world)
    assert_calm(world)


def test_a_mac_that_leaves_the_scope_keeps_device_link_and_members(fleet_of_two: World) -> None:
    world = fleet_of_two
    world.fleet.add_group("Loaners", group_id="5", members=["1", "2"])
    world.fleet.assign_to_group("2", _GROUP)
    _confine(world, jamf_smart_group_id=_GROUP)
    world.sync()
    before, link = device(world, "C02SCOPE0002"), mapping(world, "computer", "2")
    members = world.query("select * from group_members order by 1, 2")

    world.fleet.remove_from_group("2", _GROUP)
    world.fleet.remove_from_group("2", "5")
    world.fleet.computer("2").name = "renamed outside"
    world.sync()

    assert device(world, "C02SCOPE0002") == before
    assert mapping(world, "computer", "2") == link
    assert world.query("select * from group_members order by 1, 2") == members
    counts = world.counts()["device"]
    assert (counts.unenrolled, counts.skipped, counts.unchanged) == (0, 1, 1)
    assert_calm(world)

    world.fleet.assign_to_group("2", _GROUP)
    world.sync()
    assert device(world, "C02SCOPE0002")["hostname"] == "renamed outside"
    assert device(world, "C02SCOPE0002")["id"] == before["id"]


def test_a_scope_that_is_set_later_leaves_what_is_outside_as_it_is(fleet_of_two: World) -> None:
    world = fleet_of_two
    world.sync()
    before = stored_rows(world)
    _confine(world, jamf_smart_group_id=_GROUP)
    world.fleet.computer("2").name = "renamed outside"

    world.sync()

    assert stored_rows(world) == before
    assert {status for _, status in mappings(world, "computer").values()} == {"synced"}


def test_a_mac_that_jamf_deletes_outside_the_scope_is_gone_all_the_same(
    fleet_of_two: World,
) -> None:
    world = fleet_of_two
    world.sync()
    _confine(world, jamf_smart_group_id=_GROUP)
    world.fleet.remove_computer("2")

    world.sync()

    assert mappings(world, "computer")["2"][1] == "deleted_external"
    assert device(world, "C02SCOPE0002")["enrollment"] == "unenrolled"


def test_a_group_that_is_gone_ends_the_run_and_puts_nobody_out_of_scope(
    fleet_of_two: World,
) -> None:
    world = fleet_of_two
    _confine(world, jamf_smart_group_id=_GROUP)
    world.sync()
    before = stored_rows(world)
    world.fleet.remove_group(_GROUP)

    assert not world.sync(may_fail=True).success

    assert stored_rows(world) == before
    last = world.history()[-1]
    assert last["status"] == "failed"
    for said in ("no computer group", repr(_GROUP), "access_scope"):
        assert said in last["error_message"]
    # No earlier capture was touched by the one that was refused.
    (row,) = world.query(
        "select count(*) from jamf_sync.raw_jamf where collection = 'computers' and document ? 'outOfScope'"
        " and valid_to_capture is null"
    )
    assert row["count"] == 1
