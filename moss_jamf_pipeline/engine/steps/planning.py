"""Plans: what a sync would write, what a stored slot would, and what M.O.S.S. would say to it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPE_NAMES
from moss_jamf_pipeline.engine.checks import Finding, findings_of_plan, findings_of_trial
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.moss.apply.validation import Trial, plan_problems, validate_plan
from moss_jamf_pipeline.moss.plan.guard import HeldChanges, guard_plan
from moss_jamf_pipeline.moss.plan.planning import Plan, make_plan, newest_plan
from moss_jamf_pipeline.moss.plan.what_if import make_what_if_plan

_EXAMPLES = 25


@dataclass(frozen=True, slots=True)
class TriedPlan:
    """A plan that was tried.

    Attributes:
        plan: the plan, as it was before the trial.
        trial: what was found.
        held: what the guard would hold of it.
    """

    plan: Plan
    trial: Trial
    held: tuple[HeldChanges, ...]


def plan_changes(run: RunContext, object_types: Collection[str] = OBJECT_TYPE_NAMES) -> Plan:
    """Plans every change, from what is matched and captured now.

    Args:
        run: the run.
        object_types: what to plan; the others stay as they are.

    Raises:
        NothingCaptured: there is no capture at all.
        OwnershipInvalid: the integration's overrides cannot be used.
    """
    with run.step() as connection:
        # Other runs capture and match too, and a plan older than the matches would miss what they hold.
        run.captures_changed()
        plan = make_plan(
            connection,
            run.integration,
            run.captures,
            run_id=run.run.run_id,
            object_types=object_types,
        )
        run.note(*findings_of_plan(plan))
        run.ending.is_of_plan(plan.plan_id, plan.counts, 0, is_partial=False)
        return plan


def plan_what_if(run: RunContext, slot: datetime) -> Plan:
    """Plans what a sync of a stored slot would do, only to be looked at.

    Args:
        run: the run.
        slot: the slot's start.

    Raises:
        NothingCaptured: nothing is stored of that slot.
    """
    with run.step() as connection:
        plan = make_what_if_plan(connection, run.integration, slot, run_id=run.run.run_id)
        run.ending.is_of_plan(plan.plan_id, plan.counts, 0, is_partial=False)
        return plan


def try_plan(run: RunContext) -> TriedPlan:
    """Tries the newest plan, in a transaction that is always rolled back.

    Raises:
        NothingCaptured: there is no plan.
    """
    with run.step() as connection:
        plan = newest_plan(connection, run.integration.id)
        held = guard_plan(connection, run.integration, plan.plan_id)
        plan = newest_plan(connection, run.integration.id)
        trial = validate_plan(connection, run.integration, plan)
        run.note(*findings_of_trial(plan.plan_id, trial.examples))
        run.ending.is_of_plan(
            plan.plan_id,
            plan.counts,
            sum(change.planned for change in held),
            is_partial=trial.problems > 0,
        )
        return TriedPlan(plan, trial, held)


def look_at_plan(run: RunContext) -> tuple[Finding, ...]:
    """What is so of the newest plan, as it is stored."""
    return findings_of_plan(newest_plan(run.connection, run.integration.id))


def look_at_trial(run: RunContext) -> tuple[Finding, ...]:
    """What the last trial of the newest plan found, as it is stored."""
    plan = newest_plan(run.connection, run.integration.id)
    return findings_of_trial(
        plan.plan_id, plan_problems(run.connection, plan.plan_id, limit=_EXAMPLES)
    )
