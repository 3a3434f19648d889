"""Plan assets: every change a sync would make, what the guard holds of them, and the conflicts a person decides.

They write to `jamf_sync` only; `plan_validation` tries to write M.O.S.S. and takes everything back.
"""

import dagster as dg
from pydantic import Field

from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPE_NAMES
from moss_jamf_pipeline.engine.slots import slot_start
from moss_jamf_pipeline.moss.apply.validation import validate_plan
from moss_jamf_pipeline.moss.capture.captures import newest_captures
from moss_jamf_pipeline.moss.plan.conflicts import open_conflicts, update_conflicts
from moss_jamf_pipeline.moss.plan.guard import guard_plan, held_summary
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.planning import (
    Plan,
    make_plan,
    newest_plan,
    read_plan,
)
from moss_jamf_pipeline.moss.plan.what_if import make_what_if_plan
from moss_jamf_pipeline.orchestration.assets.layout import DATABASE_RETRIES, MOSS_POOL, OWNERS, tags
from moss_jamf_pipeline.orchestration.assets.step import (
    choice_of_run,
    close_history_on_failure,
    step,
)
from moss_jamf_pipeline.orchestration.partitions import SLOTS
from moss_jamf_pipeline.orchestration.presentation import (
    changes_preview,
    counts_table,
    held_table,
    markdown_table,
    suppressed_metadata,
    table_facts,
)
from moss_jamf_pipeline.orchestration.resources import MossResource

_MATCHES = ("location_matches", "room_matches", "person_matches", "device_matches", "group_matches")
_NOTHING_HELD = "Nothing is held: every change of the plan is applied."


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
            f"{', '.join(kind.value for kind in GuardKind)}. Recorded with the name of whoever started the run."
        ),
    )


def build_plan_assets(prefix: str) -> list[dg.AssetsDefinition]:
    """The plan assets of one integration, keyed `<prefix>/change_plan` and so on."""
    return [
        _build_change_plan(prefix),
        _build_guarded_plan(prefix),
        _build_conflicts(prefix),
        _build_plan_validation(prefix),
        _build_what_if_plan(prefix),
    ]


def _build_change_plan(prefix: str) -> dg.AssetsDefinition:
    @dg.asset(
        key_prefix=prefix,
        group_name="plan",
        description=(
            "Every change the sync would make, one row per object: action, fields before and after, the rule. "
            "Made from the newest snapshots; writes nothing to M.O.S.S."
        ),
        deps=[dg.AssetKey([prefix, name]) for name in _MATCHES],
        kinds={"sql", "postgres"},
        owners=OWNERS,
        tags=tags("plan"),
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
    )
    def change_plan(
        context: dg.AssetExecutionContext, config: PlanScope, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            plan = make_plan(
                run.connection,
                run.integration,
                newest_captures(run.connection, run.integration.id),
                run_id=context.run.run_id,
                object_types=config.object_types,
            )
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, "jamf_sync.change_plan"),
                    **_plan_facts(plan),
                    "device_changes": changes_preview(run.connection, plan.plan_id, "device"),
                    "person_changes": changes_preview(run.connection, plan.plan_id, "person"),
                    **suppressed_metadata(run.connection, plan.plan_id),
                }
            )

    return change_plan


def _build_guarded_plan(prefix: str) -> dg.AssetsDefinition:
    @dg.asset(
        key_prefix=prefix,
        group_name="plan",
        description=(
            "The plan that this run applies, less what is too much at once: kinds of changes over their limit "
            "(sync_settings.guard) are held until somebody approves them; the rest goes on. Writes nothing to M.O.S.S."
        ),
        deps=[dg.AssetKey([prefix, "change_plan"])],
        kinds={"sql", "postgres"},
        owners=OWNERS,
        tags=tags("plan"),
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
    )
    def guarded_plan(
        context: dg.AssetExecutionContext, config: PlanChoice, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            choice = choice_of_run(
                context.run,
                run.connection,
                run.integration,
                plan_id=config.plan_id,
                approve=config.approve,
            )
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, "jamf_sync.plan_guard"),
                    "plan_id": choice.plan.plan_id,
                    "held": sum(change.planned for change in choice.held),
                    "what_is_held": held_summary(choice.plan.plan_id, choice.held) or _NOTHING_HELD,
                    "counts": counts_table(choice.plan.counts),
                    "guard": held_table(run.connection, choice.plan.plan_id),
                }
            )

    return guarded_plan


def _build_conflicts(prefix: str) -> dg.AssetsDefinition:
    @dg.asset(
        key_prefix=prefix,
        group_name="plan",
        description=(
            "What M.O.S.S. and JAMF disagree on and a person decides. Opened once, closed by itself when values agree."
        ),
        # The plan itself too: a selection that leaves out the guard still runs in this order.
        deps=[dg.AssetKey([prefix, name]) for name in ("change_plan", "guarded_plan")],
        kinds={"sql", "postgres"},
        owners=OWNERS,
        tags=tags("plan"),
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
    )
    def conflicts(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            plan = choice_of_run(context.run, run.connection, run.integration).plan
            # A revert compares nothing: that it finds no conflict says nothing about those in the queue.
            changes = (
                update_conflicts(run.connection, run.integration, plan)
                if plan.kind == "sync"
                else {}
            )
            rows = open_conflicts(run.connection, run.integration.id, limit=25)
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, "jamf_sync.conflicts"),
                    **changes,
                    "newest": markdown_table(rows, "No open conflict."),
                }
            )

    return conflicts


def _build_plan_validation(prefix: str) -> dg.AssetsDefinition:
    @dg.asset(
        key_prefix=prefix,
        group_name="plan",
        description=(
            "A trial of the newest plan: applied to M.O.S.S. in a transaction that is always rolled back, so that its "
            "constraints and triggers have their say. What they reject is in jamf_sync.plan_problems; no more stays."
        ),
        deps=[dg.AssetKey([prefix, "change_plan"])],
        kinds={"sql", "postgres"},
        owners=OWNERS,
        tags=tags("plan"),
        # It locks what it changes while it lasts, as an apply does.
        pool=MOSS_POOL,
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
    )
    def plan_validation(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            plan_id = newest_plan(run.connection, run.integration.id).plan_id
            held = guard_plan(run.connection, run.integration, plan_id)
            plan = read_plan(run.connection, plan_id)
            trial = validate_plan(run.connection, run.integration, plan)
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, "jamf_sync.plan_problems"),
                    "plan_id": plan_id,
                    "tried": trial.tried,
                    "problems": trial.problems,
                    **trial.by_problem,
                    "held": sum(change.planned for change in held),
                    "what_would_be_held": held_summary(plan_id, held) or _NOTHING_HELD,
                    "examples": markdown_table(trial.examples, "M.O.S.S. takes the plan as it is."),
                }
            )

    return plan_validation


def _build_what_if_plan(prefix: str) -> dg.AssetsDefinition:
    @dg.asset(
        key_prefix=prefix,
        group_name="plan",
        description=(
            "What a sync of a stored slot would do to M.O.S.S. as it is now: staged, matched and planned anew, without "
            "asking JAMF. The plan is there to be looked at and is never applied; the current matches stay as they are."
        ),
        deps=[dg.AssetKey([prefix, "jamf_computers_snapshot"])],
        partitions_def=SLOTS,
        kinds={"sql", "postgres"},
        owners=OWNERS,
        tags=tags("plan"),
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
    )
    def what_if_plan(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            plan = make_what_if_plan(
                run.connection,
                run.integration,
                slot_start(context.partition_key),
                run_id=context.run.run_id,
            )
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, "jamf_sync.change_plan"),
                    **_plan_facts(plan),
                    "device_changes": changes_preview(run.connection, plan.plan_id, "device"),
                    "person_changes": changes_preview(run.connection, plan.plan_id, "person"),
                }
            )

    return what_if_plan


def _plan_facts(plan: Plan) -> dict[str, dg.MetadataValue | int]:
    """What the UI says of a plan: its number, its counts."""
    return {
        "plan_id": plan.plan_id,
        "created": sum(count.created for count in plan.counts),
        "updated": sum(count.updated for count in plan.counts),
        "conflicts": sum(count.conflicts for count in plan.counts),
        "counts": counts_table(plan.counts),
    }
