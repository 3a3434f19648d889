"""Who is who in a fleet with hard cases of every kind, against labels that the generator gives, not the code.

A fleet of 50,000, with the table of precision and recall by kind:

    python -m pytest -m nightly -s tests/e2e/test_labelled_fleet.py
"""

import pytest

from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import assert_calm, set_policies
from tests.support.dialects import Dialect
from tests.support.labelled_fleet import LabelledFleet
from tests.support.labelled_verdicts import judge

# So much at once would be held, and rightly: here it is to be done.
_NO_GUARD = {kind.value: None for kind in GuardKind}


@pytest.mark.parametrize(
    "size",
    [
        2_000,
        pytest.param(50_000, marks=pytest.mark.nightly),
    ],
)
def test_every_record_is_taken_for_what_it_is(
    make_world: WorldMaker, dialect: Dialect, size: int
) -> None:
    labelled = LabelledFleet(size, seed=20, dialect=dialect)
    world = make_world(fleet=labelled.fleet)
    set_policies(world, guard=_NO_GUARD)
    labelled.furnish(world)
    world.sync()
    labelled.mark(world)
    labelled.happen(world)

    world.sync()

    verdicts = judge(world, labelled)
    print(f"\n{verdicts.by_kind()}")  # noqa: T201 - what the large one is run for
    assert verdicts.wrong == []
    assert verdicts.broken == []
    assert_calm(world)
