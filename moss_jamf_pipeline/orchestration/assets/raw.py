"""Raw assets: one per JAMF collection, partitioned by slot. Each pulls the collection once, now, as a capture."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import dagster as dg
from pydantic import Field

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS, Collection, collection_named
from moss_jamf_pipeline.engine.extraction import READ_WHOLE, Reading, capture_collection
from moss_jamf_pipeline.engine.slots import slot_start, slots_to_capture
from moss_jamf_pipeline.jamf import JamfClient
from moss_jamf_pipeline.moss.capture.cadence import SweepChoice, asked_sweep
from moss_jamf_pipeline.moss.capture.captures import Capture, covered_slots
from moss_jamf_pipeline.orchestration.assets.layout import JAMF_POOL, JAMF_RETRIES, OWNERS, tags
from moss_jamf_pipeline.orchestration.assets.step import Step, close_history_on_failure, step
from moss_jamf_pipeline.orchestration.assets.triggers import trigger_of
from moss_jamf_pipeline.orchestration.partitions import SLOTS
from moss_jamf_pipeline.orchestration.presentation import table_facts
from moss_jamf_pipeline.orchestration.resources import JamfResource, MossResource


def build_raw_assets(prefix: str) -> list[dg.AssetsDefinition]:
    """The raw assets of one integration, keyed `<prefix>/raw_jamf_<collection>`, and the server they come from."""
    return [
        _build_server_asset(prefix),
        *(_build_raw_asset(prefix, collection) for collection in COLLECTIONS),
    ]


def _build_server_asset(prefix: str) -> dg.AssetsDefinition:
    @dg.asset(
        key_prefix=prefix,
        group_name="jamf_raw",
        description=(
            "Whether JAMF Pro answers and takes the credentials, and its version. Asked first: when JAMF is away, a "
            "run ends here, once, and not in each of its captures."
        ),
        kinds={"http"},
        owners=OWNERS,
        tags=tags("raw"),
        pool=JAMF_POOL,
        retry_policy=JAMF_RETRIES,
        hooks={close_history_on_failure},
    )
    def jamf_server(
        context: dg.AssetExecutionContext, jamf: JamfResource, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            client = jamf.client(run.integration, run.connection)
            version = asyncio.run(_ask_version(client))
            return dg.MaterializeResult(
                metadata={"jamf_version": version, "server": dg.MetadataValue.url(client.base_url)}
            )

    return jamf_server


async def _ask_version(client: JamfClient) -> str:
    async with client:
        return str(await client.server_version())


class ComputersConfig(dg.Config):
    """How computers are captured."""

    sweep: Literal["auto", "full", "incremental"] = Field(
        default="auto",
        description=(
            "full: every computer is read whole. incremental: all are listed and those that changed are read, if that "
            "can be (else full, and the metadata say why). auto: incremental if the schedule started the run, full if "
            "a person, a backfill or a single asset did: edits in JAMF are then seen at once."
        ),
    )


def _build_raw_asset(prefix: str, declared: Collection) -> dg.AssetsDefinition:
    collection = declared.name.value
    decorate = dg.asset(
        name=f"raw_jamf_{collection}",
        key_prefix=prefix,
        deps=[dg.AssetKey([prefix, "jamf_server"])],
        group_name="jamf_raw",
        description=(
            f"{declared.contents}. Allow-listed documents, stored as versions: an object is written "
            "again only when it changed. A past slot is never captured again; one without a capture is "
            "covered by the present. Not asked for where M.O.S.S. has switched it off."
        ),
        partitions_def=SLOTS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"http", "json", "postgres"},
        owners=OWNERS,
        tags=tags("raw"),
        pool=JAMF_POOL,
        retry_policy=JAMF_RETRIES,
        hooks={close_history_on_failure},
    )
    if declared.is_read_by_changes:

        @decorate
        def raw_jamf_computers(
            context: dg.AssetExecutionContext,
            config: ComputersConfig,
            jamf: JamfResource,
            moss: MossResource,
        ) -> dg.MaterializeResult[None]:
            asked = asked_sweep(config.sweep, trigger_of(context.run.tags))
            return _materialize(context, jamf, moss, collection, asked)

        return raw_jamf_computers

    @decorate
    def raw_jamf(
        context: dg.AssetExecutionContext, jamf: JamfResource, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        return _materialize(context, jamf, moss, collection, READ_WHOLE)

    return raw_jamf


def _materialize(
    context: dg.AssetExecutionContext,
    jamf: JamfResource,
    moss: MossResource,
    collection: str,
    asked: SweepChoice,
) -> dg.MaterializeResult[None]:
    slots = [slot_start(key) for key in context.partition_keys]
    with step(context, moss) as run:
        if reason := run.integration.settings.switched_off(collection):
            return dg.MaterializeResult(metadata={"switched_off": reason, "requests": 0})
        covered = covered_slots(run.connection, run.integration.id, collection, slots)
        due = slots_to_capture(slots, covered, datetime.now(UTC))
        metadata: dict[str, Any] = dict(
            table_facts(run.connection, f"jamf_sync.raw_jamf_{collection}")
        )
        if due:
            capture, reading = asyncio.run(_capture(run, jamf, collection, due, asked))
            metadata |= _capture_metadata(capture, reading)
            if collection_named(collection).is_read_by_changes:
                metadata |= _sweep_metadata(reading)
                if run.integration.scope_groups:
                    metadata["scope_groups"] = list(run.integration.scope_groups)
            covered |= dict.fromkeys(due, capture.capture_id)
        metadata["requests"] = metadata.get("requests", 0)
        metadata["covered_by"] = {
            key: covered[slot] for key, slot in zip(context.partition_keys, slots, strict=True)
        }
    return dg.MaterializeResult(metadata=metadata)


async def _capture(
    run: Step, jamf: JamfResource, collection: str, slots: Sequence[datetime], asked: SweepChoice
) -> tuple[Capture, Reading]:
    async with jamf.client(run.integration, run.connection) as client:
        return await capture_collection(
            client,
            run.connection,
            run.integration.id,
            collection,
            slots,
            scope_groups=run.integration.scope_groups,
            asked=asked,
            full_sweep_hours=run.integration.settings.full_sweep_hours,
        )


def _sweep_metadata(reading: Reading) -> dict[str, Any]:
    """How computers were captured, and why so."""
    return {
        "sweep": reading.sweep,
        "sweep_reason": reading.reason,
        "fetched": reading.fetched,
        **({} if reading.listed is None else {"listed": reading.listed}),
    }


def _capture_metadata(capture: Capture, reading: Reading) -> dict[str, Any]:
    return {
        "capture_id": capture.capture_id,
        "captured_at": dg.MetadataValue.timestamp(capture.captured_at),
        "captured": capture.captured,
        "changed": capture.changed,
        "removed": capture.removed,
        "quarantined": reading.rejected_count,
        "requests": reading.requests,
        "bytes_received": reading.bytes_received,
        "endpoint": reading.endpoint,
        "jamf_version": reading.server_version,
        "is_complete": capture.is_complete,
        "incomplete_reasons": list(capture.incomplete_reasons),
        "dagster/partition_row_count": capture.captured,
    }
