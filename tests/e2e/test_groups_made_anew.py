"""A group deleted in JAMF and made anew under its name."""

from tests.support.world import World


def test_its_link_moves_and_no_second_group_appears(world: World) -> None:
    world.fleet.add_computer({"id": "1", "hardware": {"serialNumber": "C02AA0000001"}})
    first = world.fleet.add_group("Design Macs", group_id="30", members=["1"])
    world.sync()
    (before,) = world.query("select id, external_id from groups")
    world.fleet.remove_group(first.id)
    world.fleet.add_group("Design Macs", group_id="31", members=["1"])

    world.sync()

    assert before["external_id"] == "30"
    assert world.query("select id, external_id from groups") == [
        {"id": before["id"], "external_id": "31"}
    ]
    assert world.query(
        "select external_id, sync_status from integration_object_mappings where external_type = 'computer_group'"
    ) == [{"external_id": "31", "sync_status": "synced"}]
    assert world.query("select count(*) from group_members") == [{"count": 1}]
    untouched = world.row_versions()
    world.sync()
    assert world.row_versions() == untouched
