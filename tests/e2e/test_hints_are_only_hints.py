"""Whatever webhooks say, in any order, lost, doubled or forged: syncs end in what they would have ended in without."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.simulator import EvolveRequest
from moss_jamf_pipeline.simulator.evolution import EvolutionError
from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import devices
from tests.support.hints import let_time_pass, tell
from tests.support.hurried import sync_hurriedly
from tests.support.life import FLEET
from tests.support.properties import examples
from tests.support.world import World

pytestmark = [pytest.mark.dialects("strategy"), pytest.mark.nightly, pytest.mark.hypothesis]

_COMPARED = ("hostname", "model", "asset_tag", "person", "location", "room", "enrollment")


def _course(world: World, seed: int, hints: Callable[[World, Random], None]) -> dict[str, Any]:
    """Some rounds of a fleet's life, and what M.O.S.S. has at the end."""
    assert sync_hurriedly(world).success
    choice, chance = Random(seed), Random(seed + 1)
    for _ in range(3):
        request = EvolveRequest(
            enrolments=choice.randrange(3),
            wipes=choice.randrange(2),
            re_enrolments=choice.randrange(2),
            board_swaps=choice.randrange(2),
            reassignments=choice.randrange(4),
            renames=choice.randrange(4),
            user_changes=choice.randrange(3),
            renumber_ids=2 * choice.randrange(2),
            replace_hardware=choice.randrange(2),
            reports=bool(choice.randrange(2)),
            seed=choice.randrange(10**6),
        )
        try:
            world.jamf.evolve(request)
        except EvolutionError:
            continue
        hints(world, chance)
        assert sync_hurriedly(world).success
    return {
        serial: {name: device[name] for name in _COMPARED}
        for serial, device in devices(world).items()
    }


def _hints(world: World, chance: Random) -> None:
    for _ in range(chance.randrange(1, 4)):
        computers = [*world.fleet.computers, *(str(chance.randrange(10**9)) for _ in range(2))]
        users = list(world.fleet.users)
        for _ in range(chance.randrange(1, 3)):
            tell(world, *chance.sample(computers, chance.randrange(1, len(computers))))
            tell(world, *chance.sample(users, 3), event="RestAPIOperation", record_type="user")
        if chance.randrange(4):
            let_time_pass(world)
            assert sync_hurriedly(world, scope="webhooks").success


@given(seed=st.integers(0, 10**6))
@settings(max_examples=examples(3), suppress_health_check=list(HealthCheck), deadline=None)
def test_with_hints_and_without_moss_ends_alike(separate_world: SeparateWorld, seed: int) -> None:
    with separate_world(FLEET) as told:
        with_hints = _course(told, seed, _hints)
    with separate_world(FLEET) as untold:
        without = _course(untold, seed, lambda _world, _chance: None)
    assert with_hints == without
