"""Snapshot assets: one per JAMF collection, partitioned by slot. Typed, normalised rows from stored documents."""

from typing import Any

import dagster as dg

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES, collection_named
from moss_jamf_pipeline.engine.slots import slot_start
from moss_jamf_pipeline.moss.capture.captures import covered_slots
from moss_jamf_pipeline.moss.capture.snapshots import Snapshot, stage_snapshot
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.statements import fetch_all
from moss_jamf_pipeline.orchestration.assets.layout import DATABASE_RETRIES, OWNERS, freshness, tags
from moss_jamf_pipeline.orchestration.assets.step import Step, close_history_on_failure, step
from moss_jamf_pipeline.orchestration.partitions import SLOTS
from moss_jamf_pipeline.orchestration.presentation import markdown_table
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.staging import SNAPSHOT_COLUMNS

_QUIET_DAYS = 90


def build_snapshot_assets(prefix: str) -> list[dg.AssetsDefinition]:
    """The snapshot assets of one integration, keyed `<prefix>/jamf_<collection>_snapshot`."""
    return [_build_snapshot_asset(prefix, collection) for collection in COLLECTION_NAMES]


def _build_snapshot_asset(prefix: str, collection: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"jamf_{collection}_snapshot",
        key_prefix=prefix,
        group_name="jamf_snapshots",
        description=(
            f"The slot's {collection} as typed rows: text trimmed, placeholders NULL, serial numbers and "
            "MAC addresses in one form. What cannot be used is in jamf_sync.quarantine with its reason. "
            "Reads stored documents, never JAMF."
        ),
        deps=[dg.AssetKey([prefix, f"raw_jamf_{collection}"])],
        partitions_def=SLOTS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"pandas", "postgres"},
        owners=OWNERS,
        freshness_policy=freshness(),
        tags=tags("snapshot"),
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
        metadata={
            "dagster/table_name": f"jamf_sync.jamf_{collection}_snapshot",
            "dagster/storage_kind": "postgres",
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn(
                        name=column.name, type=column.type, description=column.description
                    )
                    for column in SNAPSHOT_COLUMNS[collection]
                ]
            ),
        },
    )
    def jamf_snapshot(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        slots = [slot_start(key) for key in context.partition_keys]
        with step(context, moss) as run:
            if reason := run.integration.settings.switched_off(collection):
                return dg.MaterializeResult(metadata={"switched_off": reason})
            captures = covered_slots(run.connection, run.integration.id, collection, slots)
            missing = [
                key
                for key, slot in zip(context.partition_keys, slots, strict=True)
                if slot not in captures
            ]
            if missing:
                raise NothingCaptured(
                    f"No capture of JAMF's {collection} covers {', '.join(missing)}.",
                    f"Materialise raw_jamf_{collection} for these slots.",
                )
            snapshots = [
                stage_snapshot(run.connection, run.integration.id, collection, capture_id)
                for capture_id in sorted(set(captures.values()))
            ]
            return dg.MaterializeResult(metadata=_snapshot_metadata(run, collection, snapshots))

    return jamf_snapshot


def _snapshot_metadata(run: Step, collection: str, snapshots: list[Snapshot]) -> dict[str, Any]:
    newest = snapshots[-1]
    held_back = fetch_all(
        run.connection,
        "staging/preview_quarantine",
        {
            "integration_id": run.integration.id,
            "collection": collection,
            "capture_id": newest.capture_id,
        },
    )
    return {
        **(
            _quiet_computers(run, newest.capture_id)
            if collection_named(collection).is_read_by_changes
            else {}
        ),
        "capture_id": newest.capture_id,
        "captured_at": dg.MetadataValue.timestamp(newest.captured_at),
        "staged": sum(snapshot.staged for snapshot in snapshots),
        "quarantined": newest.quarantined,
        "fields_left_out": newest.fields_left_out,
        "is_complete": newest.status == "complete",
        "held_back": markdown_table(held_back, "Nothing was held back."),
        "dagster/partition_row_count": newest.row_count,
    }


def _quiet_computers(run: Step, capture_id: int) -> dict[str, Any]:
    """Macs that have not checked in for long. They are shown; nothing is done about them."""
    quiet = fetch_all(
        run.connection,
        "staging/quiet_computers",
        {
            "integration_id": run.integration.id,
            "capture_id": capture_id,
            "quiet_days": _QUIET_DAYS,
            "row_limit": 25,
        },
    )
    return {
        f"not_seen_for_{_QUIET_DAYS}_days": quiet[0]["total"] if quiet else 0,
        "longest_not_seen": markdown_table(
            [{name: row[name] for name in row if name != "total"} for row in quiet],
            "Every Mac has checked in.",
        ),
    }
