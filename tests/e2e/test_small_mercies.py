"""What a person would be annoyed by if it were otherwise."""

from tests.support.world import World


def test_a_jamf_that_never_had_users_or_groups_does_not_make_every_run_partial(
    world: World,
) -> None:
    world.fleet.add_computer({"id": "1", "hardware": {"serialNumber": "C02AA0000001"}})
    world.fleet.add_building("Berlin")
    world.fleet.add_department("Design")

    world.sync()

    assert [(row["status"], row["error_message"]) for row in world.history()] == [("success", None)]
    failed = [found.check for found in world.outcomes[-1].findings if not found.passed]
    assert failed == []


def test_an_interface_of_ours_that_a_person_deleted_is_not_made_again(world: World) -> None:
    world.fleet.add_computer(
        {
            "id": "1",
            "hardware": {
                "serialNumber": "C02AA0000001",
                "macAddress": "A1:B2:C3:00:00:01",
                "altMacAddress": "A1:B2:C3:00:00:02",
            },
        }
    )
    world.sync()
    world.execute("delete from ios where mac_address = 'A1:B2:C3:00:00:02'")

    world.sync()

    assert world.query("select mac_address from ios") == [{"mac_address": "A1:B2:C3:00:00:01"}]
    assert (world.counts()["io"].skipped, world.counts()["io"].unchanged) == (1, 1)
    assert world.counts()["io"].adds_up
