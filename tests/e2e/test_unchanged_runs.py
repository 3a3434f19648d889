"""Promise 1: a sync of unchanged data writes nothing to M.O.S.S."""

from moss_jamf_pipeline.simulator import EvolveRequest, SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import assert_counts_add_up, stored_rows, tuples_written
from tests.support.world import CORE_TABLES


def test_a_second_run_over_an_odd_fleet_writes_nothing(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=150, groups=20, seed=3))
    world.sync()
    assert all(world.row_versions()[table] for table in CORE_TABLES)
    before = stored_rows(world)
    written_before = tuples_written(world)
    assert written_before["devices"][0] == len(before["devices"])

    world.sync()

    assert stored_rows(world) == before
    assert tuples_written(world) == written_before
    assert all(
        (count.created, count.updated, count.removed) == (0, 0, 0)
        for count in world.counts().values()
    )
    assert_counts_add_up(world)
    assert world.query("select count(*) from jamf_sync.change_plan where action <> 'agree'"
                       " and plan_id = (select max(plan_id) from jamf_sync.plans)") == [{"count": 0}]  # fmt: skip


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
