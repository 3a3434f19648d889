"""M.O.S.S. assets: each applies the run's plan to one kind of M.O.S.S. object, in the order of `MOSS_CHAIN`.

Which plan that is, `guarded_plan` decides; in a run without it, the first of these assets does, by the same rules.
Applied again, they find nothing waiting and write nothing.
"""

import dagster as dg

from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES, ObjectType
from moss_jamf_pipeline.engine.checks import TRIAL_CHECK
from moss_jamf_pipeline.engine.steps.applying import apply
from moss_jamf_pipeline.engine.steps.history import write_history
from moss_jamf_pipeline.orchestration.assets.layout import HISTORY, MOSS, Layout
from moss_jamf_pipeline.orchestration.assets.step import step
from moss_jamf_pipeline.orchestration.dagster_internals import has_failed_last
from moss_jamf_pipeline.orchestration.presentation import (
    changes_preview,
    counts_metadata,
    counts_table,
    moss_row_count,
)
from moss_jamf_pipeline.orchestration.resources import MossResource


def build_moss_assets(layout: Layout) -> list[dg.AssetsDefinition]:
    """The M.O.S.S. assets of one integration, keyed `<prefix>/moss_<objects>`."""
    return [
        *(_build_applied_asset(layout, kind) for kind in APPLIED_OBJECT_TYPES),
        _build_sync_history(layout),
    ]


def _build_applied_asset(layout: Layout, kind: ObjectType) -> dg.AssetsDefinition:
    @layout.asset(
        kind.asset,
        MOSS,
        f"{kind.contents} Applies the guarded plan, row by row guarded by the value it was planned against.",
        table=f"moss_contract.{kind.relation}",
    )
    def moss_objects(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            applied = apply(run, kind.name)
            return dg.MaterializeResult(
                metadata={
                    **moss_row_count(run, kind.relation),
                    "plan": str(applied.plan.plan_id),
                    **counts_metadata(applied.counts),
                    "changes": changes_preview(run.connection, applied.plan, applied.object_type),
                }
            )

    return moss_objects


def _build_sync_history(layout: Layout) -> dg.AssetsDefinition:
    @layout.asset(
        "moss_sync_history",
        HISTORY,
        "The run's row in integration_sync_history, as M.O.S.S.'s own pages show it: success, or partial and why.",
        table="moss_contract.integration_sync_history",
    )
    def moss_sync_history(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            outcome = write_history(run)
            _settle_trial(context, layout, run.choice.plan.plan_id)
            return dg.MaterializeResult(
                metadata={
                    **moss_row_count(run, "integration_sync_history"),
                    "status": outcome.status,
                    "message": outcome.message or "Everything JAMF has was seen and used.",
                    **counts_metadata(outcome.counts),
                    "counts": counts_table(run.choice.plan.counts),
                }
            )

    return moss_sync_history


def _settle_trial(context: dg.AssetExecutionContext, layout: Layout, plan_id: int) -> None:
    """Says that a dry run's trial, which found M.O.S.S. unwilling, is of a plan that another has taken the place of.

    Only dry runs try plans: without this, the check would stay failed until the next one.
    """
    key = dg.AssetCheckKey(layout.key("plan_validation"), TRIAL_CHECK)
    if not has_failed_last(context.instance, key):
        return
    context.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=True,
            description=f"The plan that was tried is over: plan {plan_id} took its place and was applied. "
            "What M.O.S.S. did not take of it, the history of the run says. The next dry run tries its plan anew.",
        )
    )
