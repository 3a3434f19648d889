"""Promise 1: a sync of unchanged data writes nothing to M.O.S.S."""

from moss_jamf_pipeline.simulator import EvolveRequest, SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import stored_rows


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
