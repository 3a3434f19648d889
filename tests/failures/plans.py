"""Applying a plan that was made before."""

from collections.abc import Collection

from moss_jamf_pipeline.engine.sync import Outcome
from tests.support.world import World


def apply_plan(world: World, plan_id: int | None = None, approve: Collection[str] = ()) -> Outcome:
    """Applies a plan in a run of its own.

    Args:
        world: where.
        plan_id: which; the newest by default.
        approve: the kinds of held changes that somebody lets through.
    """
    (newest,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")
    return world.apply(plan_id or newest["plan_id"], *approve)
