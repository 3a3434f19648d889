"""A run that somebody terminates does not begin what it has not begun."""

import dagster as dg
import pytest

from moss_jamf_pipeline.orchestration.assets.step import step
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.settings import IntegrationChoice
from tests.support.world import World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")


@_ANY_MOSS
def test_the_steps_left_over_do_nothing_and_say_why(world: World) -> None:
    reached: list[str] = []

    @dg.asset
    def terminated(context: dg.AssetExecutionContext) -> None:
        context.instance.report_run_canceling(context.run)

    @dg.asset(deps=[terminated])
    def left_over(context: dg.AssetExecutionContext, moss: MossResource) -> None:
        with step(context, moss, IntegrationChoice()):
            reached.append("body")

    result = dg.materialize(
        [terminated, left_over],
        instance=world.instance,
        resources={"moss": MossResource()},
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )

    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert reached == []
    assert "The run was terminated before it was done." in str(failure.step_failure_data.error)
