"""M.O.S.S. assets: each applies the run's plan to one kind of M.O.S.S. object, in the order of `MOSS_CHAIN`.

Which plan that is, `guarded_plan` decides; in a run without it, the first of these assets does, by the same rules.
Applied again, they find nothing waiting and write nothing.
"""

import dagster as dg

from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES, ObjectType
from moss_jamf_pipeline.engine.scopes import MOSS_CHAIN
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.orchestration.assets.layout import (
    DATABASE_RETRIES,
    MOSS_POOL,
    OWNERS,
    freshness,
    tags,
)
from moss_jamf_pipeline.orchestration.assets.step import (
    choice_of_run,
    close_history_on_failure,
    step,
)
from moss_jamf_pipeline.orchestration.presentation import (
    changes_preview,
    counts_metadata,
    counts_table,
    table_facts,
)
from moss_jamf_pipeline.orchestration.resources import MossResource


def build_moss_assets(prefix: str) -> list[dg.AssetsDefinition]:
    """The M.O.S.S. assets of one integration, keyed `<prefix>/moss_<objects>`."""
    return [
        *(_build_applied_asset(prefix, kind) for kind in APPLIED_OBJECT_TYPES),
        _build_sync_history(prefix),
    ]


def _upstream(prefix: str, name: str) -> list[dg.AssetKey]:
    # The conflict queue comes before the first write: what a run overwrites or adopts is flagged even if it
    # dies in between, for the next plan no longer finds it.
    place = MOSS_CHAIN.index(name)
    return [dg.AssetKey([prefix, MOSS_CHAIN[place - 1] if place else "conflicts"])]


def _build_applied_asset(prefix: str, kind: ObjectType) -> dg.AssetsDefinition:
    @dg.asset(
        name=kind.asset,
        key_prefix=prefix,
        group_name="moss",
        description=f"{kind.contents} Applies the guarded plan, row by row guarded by the value it was planned "
        "against.",
        deps=_upstream(prefix, kind.asset),
        kinds={"sql", "postgres"},
        owners=OWNERS,
        freshness_policy=freshness(),
        tags=tags("moss"),
        pool=MOSS_POOL,
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
    )
    def moss_objects(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            choice = choice_of_run(context.run, run.connection, run.integration)
            counts = apply_objects(
                run.connection, run.integration, choice.plan, kind.name, since=choice.chosen_at
            )
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, f"moss_contract.{kind.relation}"),
                    "plan_id": choice.plan.plan_id,
                    **counts_metadata(counts),
                    "changes": changes_preview(run.connection, choice.plan.plan_id, kind.name),
                }
            )

    return moss_objects


def _build_sync_history(prefix: str) -> dg.AssetsDefinition:
    @dg.asset(
        key_prefix=prefix,
        group_name="moss",
        description=(
            "The run's row in integration_sync_history, as M.O.S.S.'s own pages show it: success, or partial and why."
        ),
        deps=_upstream(prefix, "moss_sync_history"),
        kinds={"postgres"},
        owners=OWNERS,
        freshness_policy=freshness(),
        tags=tags("moss"),
        pool=MOSS_POOL,
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
    )
    def moss_sync_history(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            choice = choice_of_run(context.run, run.connection, run.integration)
            outcome = run_outcome(
                run.connection,
                run.integration,
                choice.plan,
                run.applied_object_types,
                choice.chosen_at,
            )
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, "moss_contract.integration_sync_history"),
                    "status": outcome.status,
                    "message": outcome.message or "Everything JAMF has was seen and used.",
                    **counts_metadata(outcome.counts),
                    "counts": counts_table(choice.plan.counts),
                }
            )

    return moss_sync_history
