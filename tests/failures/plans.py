"""Applying a plan that was made before, as from the UI or the command line."""

from collections.abc import Collection

import dagster as dg

from moss_jamf_pipeline.engine.scopes import SCOPES
from tests.support.world import DEFINITIONS, PREFIX, World


def apply_plan(
    world: World, plan_id: int | None = None, approve: Collection[str] = ()
) -> dg.ExecuteInProcessResult:
    """Applies a plan in a run of its own.

    Args:
        world: where.
        plan_id: which; the newest by default.
        approve: the kinds of held changes that somebody lets through.
    """
    (newest,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")
    choice = {"plan_id": plan_id or newest["plan_id"], "approve": list(approve)}
    result = DEFINITIONS.resolve_job_def(SCOPES["apply"].job).execute_in_process(
        instance=world.instance,
        run_config={
            "ops": {f"{PREFIX}__guarded_plan": {"config": choice}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        raise_on_error=False,
    )
    world.runs.append(result)
    return result
