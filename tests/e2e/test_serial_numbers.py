"""Serial numbers are what JAMF says: case counts between machines, and only finds rows that people typed."""

import pytest

from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    devices,
    furnish,
    insert_device,
    mapping,
    open_conflicts,
)
from tests.support.world import World

_ONE, _OTHER = "VM5vodACsc+k", "VM5VODacSC+K"


@pytest.mark.parametrize("appear_together", [True, False])
def test_case_i07_serial_numbers_whose_case_differs_are_two_devices(
    world: World, appear_together: bool
) -> None:
    furnish(world)
    add_mac(world, "101", _ONE)
    if not appear_together:
        world.sync()
    add_mac(world, "102", _OTHER)
    world.sync()

    found = devices(world)
    assert set(found) == {_ONE, _OTHER}
    for jamf_id, serial_number in (("101", _ONE), ("102", _OTHER)):
        link = mapping(world, "computer", jamf_id)
        assert link is not None
        assert link["internal_id"] == found[serial_number]["id"]
    assert open_conflicts(world) == []
    assert_calm(world)


def test_case_i07_a_row_that_a_person_typed_is_found_and_spelled_as_jamf_does(
    world: World,
) -> None:
    furnish(world)
    device_id = insert_device(world, " c02typed 0001")
    add_mac(world, "1", "C02TYPED0001")
    world.sync()

    assert [str(row["id"]) for row in devices(world).values()] == [device_id]
    assert set(devices(world)) == {"C02TYPED0001"}
    assert open_conflicts(world) == [("serial_not_linked", "serial_number")]
    assert_calm(world)


def test_serial_numbers_that_were_stored_in_capitals_are_spelled_anew_and_nobody_is_asked(
    world: World,
) -> None:
    """What an upgrade finds: devices, bases and rows of older rules, more of them than may change their number."""
    furnish(world)
    spelled = {str(number): f"VMware-56 4d {number:02d} ab" for number in range(10, 30)}
    for jamf_id, serial_number in spelled.items():
        add_mac(world, jamf_id, serial_number)
    add_mac(world, "30", "C02APPLE0030")
    world.sync()
    before = {str(row["id"]): row["serial_number"] for row in devices(world).values()}
    world.execute("update devices set serial_number = upper(replace(serial_number, ' ', ''))")
    world.execute(
        """update jamf_sync.applied_values set values = values || jsonb_build_object(
             'serial_number', upper(replace(values ->> 'serial_number', ' ', '')))
           where object_type = 'device'"""
    )
    world.execute(
        """update jamf_sync.jamf_computers_snapshot
           set serial_number = upper(replace(serial_number, ' ', '')), staging_rules = 0"""
    )

    world.sync()

    after = {str(row["id"]): row["serial_number"] for row in devices(world).values()}
    assert after == before
    assert set(after.values()) == {*spelled.values(), "C02APPLE0030"}
    assert open_conflicts(world) == []
    assert world.counts()["device"].updated == len(spelled)
    assert_calm(world)
