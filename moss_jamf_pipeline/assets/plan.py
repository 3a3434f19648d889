"""Plan assets: every change a sync would make, and the conflicts a person decides. Writes to `jamf_sync` only."""

import dagster as dg
from pydantic import Field

from moss_jamf_pipeline.assets.layout import DATABASE_RETRIES, OWNERS, tags
from moss_jamf_pipeline.assets.step import close_history_on_failure, step
from moss_jamf_pipeline.moss.captures import newest_captures
from moss_jamf_pipeline.moss.conflicts import open_conflicts, update_conflicts
from moss_jamf_pipeline.moss.planning import OBJECT_TYPES, make_plan, newest_plan
from moss_jamf_pipeline.presentation import (
    changes_preview,
    counts_table,
    markdown_table,
    table_facts,
)
from moss_jamf_pipeline.resources import MossResource


class PlanScope(dg.Config):
    """What a plan covers."""

    object_types: list[str] = Field(
        default=list(OBJECT_TYPES),
        description="Types of M.O.S.S. objects to plan changes for; the others are left as they are.",
    )


def build_plan_assets(prefix: str) -> list[dg.AssetsDefinition]:
    """The plan assets of one integration: `<prefix>/change_plan` and `<prefix>/conflicts`."""

    @dg.asset(
        key_prefix=prefix,
        group_name="plan",
        description=(
            "Every change the sync would make, one row per object: action, fields before and after, the rule. "
            "Made from the newest snapshots; writes nothing to M.O.S.S."
        ),
        deps=[
            dg.AssetKey([prefix, name])
            for name in (
                "location_matches",
                "room_matches",
                "person_matches",
                "device_matches",
                "group_matches",
            )
        ],
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
                    "plan_id": plan.plan_id,
                    "created": sum(count.created for count in plan.counts),
                    "updated": sum(count.updated for count in plan.counts),
                    "conflicts": sum(count.conflicts for count in plan.counts),
                    "counts": counts_table(plan.counts),
                    "device_changes": changes_preview(run.connection, plan.plan_id, "device"),
                    "person_changes": changes_preview(run.connection, plan.plan_id, "person"),
                }
            )

    @dg.asset(
        key_prefix=prefix,
        group_name="plan",
        description=(
            "What M.O.S.S. and JAMF disagree on and a person decides. Opened once, closed by itself when values agree."
        ),
        deps=[change_plan],
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
            changes = update_conflicts(
                run.connection, run.integration, newest_plan(run.connection, run.integration.id)
            )
            rows = open_conflicts(run.connection, run.integration.id, limit=25)
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, "jamf_sync.conflicts"),
                    **changes,
                    "newest": markdown_table(rows, "No open conflict."),
                }
            )

    return [change_plan, conflicts]
