"""Syncing a part: only that part is planned, written and claimed in the history."""

from tests.support.world import World


def _fill(world: World) -> None:
    world.fleet.add_user(
        id="5", username="jsmith", realname="John Smith", email="jsmith@company.com"
    )
    world.fleet.add_computer({"id": "1", "hardware": {"serialNumber": "C02AA0000001"}})


def test_syncing_users_only_writes_people_and_claims_nothing_else(world: World) -> None:
    _fill(world)

    world.sync("users")

    assert world.query("select username from people") == [{"username": "jsmith"}]
    assert world.query("select count(*) from devices") == [{"count": 0}]
    (history,) = world.history()
    assert (history["sync_type"], history["status"]) == ("users", "success")
    assert (history["items_processed"], history["items_created"]) == (1, 1)


def test_a_plan_of_which_a_run_applies_one_part_is_not_claimed_whole(world: World) -> None:
    _fill(world)
    world.sync("plan")

    world.materialize("moss_people")

    (history,) = world.history()
    assert history["status"] == "success"
    assert (history["items_processed"], history["items_created"]) == (1, 1)
    assert world.query("select count(*) from devices") == [{"count": 0}]
    world.materialize("moss_devices")
    assert world.query("select count(*) from devices") == [{"count": 1}]
    assert [row["items_created"] for row in world.history()] == [1, 1]
