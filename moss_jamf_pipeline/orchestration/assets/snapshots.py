"""Snapshot assets: one per JAMF collection, partitioned by slot. Typed, normalised rows from stored documents."""

from typing import Any

import dagster as dg

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES, collection_named
from moss_jamf_pipeline.engine.checks import without
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.scopes import snapshot_step
from moss_jamf_pipeline.engine.steps.staging import StagedSlots, stage
from moss_jamf_pipeline.moss.capture.snapshots import quarantined_records
from moss_jamf_pipeline.moss.statements import fetch_all
from moss_jamf_pipeline.orchestration.assets.layout import SNAPSHOTS, Layout
from moss_jamf_pipeline.orchestration.assets.step import slots_of, step
from moss_jamf_pipeline.orchestration.presentation import markdown_table
from moss_jamf_pipeline.orchestration.resources import MossResource

_QUIET_DAYS = 90
_SHOWN = 25


def build_snapshot_assets(layout: Layout) -> list[dg.AssetsDefinition]:
    """The snapshot assets of one integration, keyed `<prefix>/jamf_<collection>_snapshot`."""
    return [_build_snapshot_asset(layout, collection) for collection in COLLECTION_NAMES]


def _build_snapshot_asset(layout: Layout, collection: str) -> dg.AssetsDefinition:
    @layout.asset(
        snapshot_step(collection),
        SNAPSHOTS,
        f"The slot's {collection} as typed rows: text trimmed, placeholders NULL, serial numbers and "
        "MAC addresses in one form. What cannot be used is in jamf_sync.quarantine with its reason. "
        "Reads stored documents, never JAMF.",
        table=f"jamf_sync.{collection_named(collection).row_table}",
    )
    def jamf_snapshot(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        slots = slots_of(context)
        with step(context, moss, layout.integration) as run:
            return dg.MaterializeResult(metadata=_metadata(run, stage(run, collection, slots)))

    return jamf_snapshot


def _metadata(run: RunContext, staged: StagedSlots) -> dict[str, Any]:
    if staged.switched_off is not None:
        return {"switched_off": staged.switched_off}
    newest = staged.snapshots[-1]
    is_of_computers = staged.collection == "computers"
    return {
        **(_quiet_computers(run, newest.capture_id) if is_of_computers else {}),
        "capture": str(newest.capture_id),
        "captured_at": dg.MetadataValue.timestamp(newest.captured_at),
        "staged": sum(snapshot.staged for snapshot in staged.snapshots),
        "quarantined": newest.quarantined,
        "fields_left_out": newest.fields_left_out,
        "is_complete": newest.status == "complete",
        "held_back": markdown_table(
            quarantined_records(
                run.connection,
                run.integration.id,
                staged.collection,
                limit=_SHOWN,
                whole_records_only=False,
            )
            if staged.held_back
            else [],
            "Nothing was held back.",
        ),
        "dagster/partition_row_count": newest.row_count,
    }


def _quiet_computers(run: RunContext, capture_id: int) -> dict[str, Any]:
    """Macs that have not checked in for long. They are shown; nothing is done about them."""
    quiet = fetch_all(
        run.connection,
        "staging/quiet_computers",
        {
            "integration_id": run.integration.id,
            "capture_id": capture_id,
            "quiet_days": _QUIET_DAYS,
            "row_limit": _SHOWN,
        },
    )
    return {
        f"not_seen_for_{_QUIET_DAYS}_days": quiet[0]["total"] if quiet else 0,
        "longest_not_seen": markdown_table(without(quiet, "total"), "Every Mac has checked in."),
    }
