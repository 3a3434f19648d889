"""Chooses the plan that a run applies, holds what is too much at once, and keeps the queue of conflicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moss_jamf_pipeline.engine.checks import Finding, findings_of_choice
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.moss.plan.conflicts import open_conflicts, update_conflicts
from moss_jamf_pipeline.moss.plan.guard import Choice, guarded_changes
from moss_jamf_pipeline.moss.statements import Row

_NEWEST = 25


@dataclass(frozen=True, slots=True)
class GuardedPlan:
    """The plan that a run applies.

    Attributes:
        choice: the plan, and what is held of it.
        guarded: what the guard counted, and what it made of it.
    """

    choice: Choice
    guarded: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The queue of conflicts.

    Attributes:
        changes: what the run's plan changed in it: `opened`, `closed` and so on, to how many; empty after a revert.
        newest: the newest open ones.
    """

    changes: Mapping[str, int]
    newest: tuple[Row, ...]


def choose(
    run: RunContext,
    plan_id: int = 0,
    approve: Sequence[str] = (),
    approved_by: str = "",
    approval_reason: str = "",
) -> GuardedPlan:
    """Decides which plan the run applies, and holds back what is too much at once; see `RunContext.choose`.

    Args:
        run: the run.
        plan_id: the plan that is meant; 0: the one it made, else its parent's choice, else the newest.
        approve: kinds of held changes to let through.
        approved_by: the person who does.
        approval_reason: why, in their words.

    Raises:
        PlanNotApplicable: it is a what-if, was applied already, or a newer plan took its place; or nobody approves.
        NothingCaptured: there is no such plan.
    """
    with run.step() as connection:
        choice = run.choose(plan_id, approve, approved_by, approval_reason)
        guarded = guarded_changes(connection, choice.plan.plan_id)
        run.note(*findings_of_choice(connection, choice, guarded))
        return GuardedPlan(choice, tuple(guarded))


def update_queue(run: RunContext) -> Conflicts:
    """Opens the conflicts that the run's plan found, and closes those that are settled."""
    with run.step() as connection:
        plan = run.choice.plan
        # A revert compares nothing: that it finds no conflict says nothing about those in the queue.
        changes = update_conflicts(connection, run.integration, plan) if plan.kind == "sync" else {}
        newest = open_conflicts(connection, run.integration.id, limit=_NEWEST)
        return Conflicts(changes, tuple(newest))


def look(run: RunContext) -> tuple[Finding, ...]:
    """What is so of the plan that the run applies, as it is stored."""
    choice = run.choice
    return findings_of_choice(
        run.connection, choice, guarded_changes(run.connection, choice.plan.plan_id)
    )
