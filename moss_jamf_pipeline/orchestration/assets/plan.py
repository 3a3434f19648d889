"""Plan assets: every change a sync would make, what the guard holds of them, and the conflicts a person decides.

They write to `jamf_sync` only; `plan_validation` tries to write M.O.S.S. and takes everything back.
"""

from typing import Any

import dagster as dg
from pydantic import Field

from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPE_NAMES
from moss_jamf_pipeline.engine.checks import NOTHING_HELD, without
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.steps.guarding import choose, update_queue
from moss_jamf_pipeline.engine.steps.planning import plan_changes, plan_what_if, try_plan
from moss_jamf_pipeline.moss.plan.guard import held_summary
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.planning import Plan
from moss_jamf_pipeline.orchestration.assets.layout import PLAN, TRIAL, WHAT_IF, Layout
from moss_jamf_pipeline.orchestration.assets.step import slots_of, step
from moss_jamf_pipeline.orchestration.presentation import (
    changes_preview,
    counts_table,
    held_table,
    markdown_table,
    row_count,
    suppressed_metadata,
)
from moss_jamf_pipeline.orchestration.resources import MossResource


class PlanScope(dg.Config):
    """What a plan covers."""

    object_types: list[str] = Field(
        default=list(OBJECT_TYPE_NAMES),
        description="Types of M.O.S.S. objects to plan changes for; the others are left as they are.",
    )


class PlanChoice(dg.Config):
    """Which plan is applied, and what of it that the guard would hold."""

    plan_id: int = Field(
        default=0,
        ge=0,
        description=(
            "The number of the plan to apply, as `moss-jamf plan show` and the metadata of change_plan have it. "
            "0: the plan this run made, else the newest one."
        ),
    )
    approve: list[str] = Field(
        default=[],
        description=(
            "Kinds of changes to apply although the plan has more of them than the guard lets through: "
            f"{', '.join(kind.value for kind in GuardKind)}. Recorded with the name in approved_by."
        ),
    )
    approved_by: str = Field(
        default="",
        description=(
            "Who approves, for the record: your name or address. Needed where approve names a kind: the Dagster UI "
            "knows nobody's name."
        ),
    )
    approval_reason: str = Field(
        default="", description="Why it is meant, in that person's words, for the record."
    )


def build_plan_assets(layout: Layout) -> list[dg.AssetsDefinition]:
    """The plan assets of one integration, keyed `<prefix>/change_plan` and so on."""
    return [
        _build_change_plan(layout),
        _build_guarded_plan(layout),
        _build_conflicts(layout),
        _build_plan_validation(layout),
        _build_what_if_plan(layout),
    ]


def _build_change_plan(layout: Layout) -> dg.AssetsDefinition:
    @layout.asset(
        "change_plan",
        PLAN,
        "Every change the sync would make, one row per object: action, fields before and after, the rule. "
        "Made from the newest snapshots; writes nothing to M.O.S.S.",
        table="jamf_sync.change_plan",
    )
    def change_plan(
        context: dg.AssetExecutionContext, config: PlanScope, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            plan = plan_changes(run, config.object_types)
            return dg.MaterializeResult(
                metadata={
                    **_plan_facts(run, plan),
                    **suppressed_metadata(run.connection, plan.plan_id),
                }
            )

    return change_plan


def _build_guarded_plan(layout: Layout) -> dg.AssetsDefinition:
    @layout.asset(
        "guarded_plan",
        PLAN,
        "The plan that this run applies, less what is too much at once: kinds of changes over their limit "
        "(sync_settings.guard) are held until somebody approves them; the rest goes on. Writes nothing to M.O.S.S.",
        table="jamf_sync.plan_guard",
    )
    def guarded_plan(
        context: dg.AssetExecutionContext, config: PlanChoice, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            guarded = choose(
                run, config.plan_id, config.approve, config.approved_by, config.approval_reason
            )
            choice = guarded.choice
            return dg.MaterializeResult(
                metadata={
                    **row_count(len(guarded.guarded)),
                    "plan": str(choice.plan.plan_id),
                    "held": sum(change.planned for change in choice.held),
                    "what_is_held": held_summary(choice.plan.plan_id, choice.held) or NOTHING_HELD,
                    "counts": counts_table(choice.plan.counts),
                    "guard": held_table(guarded.guarded),
                }
            )

    return guarded_plan


def _build_conflicts(layout: Layout) -> dg.AssetsDefinition:
    @layout.asset(
        "conflicts",
        PLAN,
        "What M.O.S.S. and JAMF disagree on and a person decides. Opened once, closed by itself when values agree.",
        table="jamf_sync.conflicts",
    )
    def conflicts(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            queue = update_queue(run)
            return dg.MaterializeResult(
                metadata={
                    **queue.changes,
                    "newest": markdown_table(queue.newest, "No open conflict."),
                }
            )

    return conflicts


def _build_plan_validation(layout: Layout) -> dg.AssetsDefinition:
    @layout.asset(
        "plan_validation",
        TRIAL,
        "A trial of the newest plan: applied to M.O.S.S. in a transaction that is always rolled back, so that its "
        "constraints and triggers have their say. What they reject is in jamf_sync.plan_problems; no more stays.",
        table="jamf_sync.plan_problems",
    )
    def plan_validation(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            tried = try_plan(run)
            plan_id, trial = tried.plan.plan_id, tried.trial
            return dg.MaterializeResult(
                metadata={
                    **row_count(trial.problems),
                    "plan": str(plan_id),
                    "tried": trial.tried,
                    "problems": trial.problems,
                    **trial.by_problem,
                    "held": sum(change.planned for change in tried.held),
                    "what_would_be_held": held_summary(plan_id, tried.held) or NOTHING_HELD,
                    "examples": markdown_table(
                        without(trial.examples, "total"), "M.O.S.S. takes the plan as it is."
                    ),
                }
            )

    return plan_validation


def _build_what_if_plan(layout: Layout) -> dg.AssetsDefinition:
    @layout.asset(
        "what_if_plan",
        WHAT_IF,
        "What a sync of a stored slot would do to M.O.S.S. as it is now: staged, matched and planned anew, without "
        "asking JAMF. The plan is there to be looked at and is never applied; the current matches stay as they are.",
        table="jamf_sync.change_plan",
    )
    def what_if_plan(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            plan = plan_what_if(run, slots_of(context)[0])
            return dg.MaterializeResult(metadata=_plan_facts(run, plan))

    return what_if_plan


def _plan_facts(run: RunContext, plan: Plan) -> dict[str, Any]:
    """What the UI says of a plan: its number, its counts, the first changes."""
    return {
        "plan": str(plan.plan_id),
        "created": sum(count.created for count in plan.counts),
        "updated": sum(count.updated for count in plan.counts),
        "conflicts": sum(count.conflicts for count in plan.counts),
        "counts": counts_table(plan.counts),
        "device_changes": changes_preview(run.connection, plan, "device"),
        "person_changes": changes_preview(run.connection, plan, "person"),
    }
