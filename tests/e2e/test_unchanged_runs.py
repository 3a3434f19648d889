"""Promise 1: a sync of unchanged data writes nothing to M.O.S.S."""

import pytest

from moss_jamf_pipeline.simulator import EvolveRequest, SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import stored_rows
from tests.support.world import Row, World

pytestmark = pytest.mark.every_dialect


def test_check_ins_alone_write_nothing(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=100, groups=10, seed=5))
    world.sync()
    before = stored_rows(world)
    versions = world.query("select count(*) from jamf_sync.raw_jamf")

    for _ in range(2):
        assert world.jamf.evolve(EvolveRequest(contacts=True)).contacts > 0
        world.sync()

    assert stored_rows(world) == before
    assert world.query("select count(*) from jamf_sync.raw_jamf") == versions


# What grows with the fleet. Plans, captures and histories grow with the runs.
_FLEET_TABLES = (
    *("raw_jamf", "jamf_computers_snapshot", "jamf_users_snapshot", "jamf_computer_contacts"),
    *("location_matches", "room_matches", "person_matches", "device_matches", "group_matches"),
    *("applied_values", "group_member_additions"),
)


def test_of_what_we_keep_about_an_unchanged_fleet_no_row_is_written_or_locked(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=60, groups=6, seed=5))
    world.sync()
    before = _versions_and_locks(world)
    assert all(before.values())

    world.sync()

    assert _versions_and_locks(world) == before


def _versions_and_locks(world: World) -> dict[str, list[Row]]:
    """Every stored row version, and the transaction that last locked it: a lock is a write, too."""
    return {
        table: world.query(
            f"select tableoid, ctid::text, xmin::text, xmax::text from jamf_sync.{table} order by 1, 2"
        )
        for table in _FLEET_TABLES
    }
