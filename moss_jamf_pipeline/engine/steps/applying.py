"""Applies the run's plan to one kind of M.O.S.S. object."""

from dataclasses import dataclass

from moss_jamf_pipeline.catalogue.object_types import LINK, object_type_named
from moss_jamf_pipeline.engine.checks import Finding, findings_of_links
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.steps.history import finish
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, Plan


@dataclass(frozen=True, slots=True)
class Applied:
    """One type of object, applied.

    Attributes:
        object_type: which.
        plan: the plan, as it stands now.
        counts: what became of the objects; None for links, and for what the plan does not hold.
    """

    object_type: str
    plan: Plan
    counts: ObjectCounts | None


def apply(run: RunContext, object_type: str) -> Applied:
    """Applies the waiting rows of one type; applied again, it writes nothing.

    Args:
        run: the run.
        object_type: one of `catalogue.object_types.APPLIED_OBJECT_TYPES`.

    Raises:
        AnotherApplyRuns: another run applies a plan of this integration right now.
        PlanNotApplicable: the plan cannot be applied, or cannot be any more.
    """
    with run.step() as connection:
        choice = run.choice
        plan = choice.plan
        # Links are settled whatever waits: what the run found in order is marked so, and the plan is ended.
        waiting = run.waiting
        if object_type in waiting or object_type == LINK.name:
            plan = apply_objects(
                connection, run.integration, plan, object_type, since=choice.chosen_at
            )
            run.applied(plan, has_written=bool(waiting))
        if object_type == LINK.name:
            run.note(*look(run))
        if run.run.closing_step == object_type_named(object_type).asset:
            finish(run)
        counts = {count.object_type: count for count in plan.counts}
        return Applied(object_type, plan, counts.get(object_type))


def look(run: RunContext) -> tuple[Finding, ...]:
    """What is so of the objects that the run's plan created, as they are stored."""
    return findings_of_links(run.connection, run.integration.id, run.choice.plan.plan_id)
