"""Raw assets: one per JAMF collection, partitioned by slot. Each pulls the collection once, now, as a capture.

Beside them is one, unpartitioned, of the records that webhooks named.
"""

from typing import Any, Literal

import dagster as dg
from pydantic import Field

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS, Collection, collection_named
from moss_jamf_pipeline.engine.extraction import Reading
from moss_jamf_pipeline.engine.scopes import NAMED_RECORDS, raw_step
from moss_jamf_pipeline.engine.slots import slot_key
from moss_jamf_pipeline.engine.steps.asking import ask_server
from moss_jamf_pipeline.engine.steps.capturing import Captured, capture
from moss_jamf_pipeline.engine.steps.named import NamedRecords, read_named
from moss_jamf_pipeline.moss.capture.cadence import SweepMode
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.orchestration.assets.layout import NAMED, RAW, SERVER, Layout
from moss_jamf_pipeline.orchestration.assets.step import slots_of, step
from moss_jamf_pipeline.orchestration.presentation import row_count
from moss_jamf_pipeline.orchestration.resources import JamfResource, MossResource


def build_raw_assets(layout: Layout) -> list[dg.AssetsDefinition]:
    """The raw assets of one integration, keyed `<prefix>/raw_jamf_<collection>`, and the server they come from."""
    return [
        _build_server_asset(layout),
        *(_build_raw_asset(layout, collection) for collection in COLLECTIONS),
        _build_named_asset(layout),
    ]


def _build_server_asset(layout: Layout) -> dg.AssetsDefinition:
    @layout.asset(
        "jamf_server",
        SERVER,
        "Whether JAMF Pro answers and takes the credentials, and its version. Asked first: when JAMF is away, a "
        "run ends here, once, and not in each of its captures.",
    )
    def jamf_server(
        context: dg.AssetExecutionContext, jamf: JamfResource, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            server = ask_server(run, jamf.clients)
            return dg.MaterializeResult(
                metadata={
                    "jamf_version": server.version,
                    "server": dg.MetadataValue.url(server.base_url),
                }
            )

    return jamf_server


class SweepConfig(dg.Config):
    """How computers are captured, and users whose details cost a request each."""

    sweep: Literal["auto", "full", "incremental"] = Field(
        default="auto",
        description=(
            "full: every computer is read whole. incremental: all are listed and those that changed are read, if that "
            "can be (else full, and the metadata say why). auto: incremental if the schedule started the run, full if "
            "a person, a backfill or a single asset did: edits in JAMF are then seen at once. Of users only full "
            "matters, and only before JAMF Pro 11.26, where each costs a request: all are read anew."
        ),
    )


def _build_raw_asset(layout: Layout, declared: Collection) -> dg.AssetsDefinition:
    collection = declared.name.value
    decorate = layout.asset(
        raw_step(collection),
        RAW,
        f"{declared.contents}. Allow-listed documents, stored as versions: an object is written "
        "again only when it changed. A past slot is never captured again; one without a capture is "
        "covered by the present. Not asked for where M.O.S.S. has switched it off.",
        table=f"jamf_sync.{raw_step(collection)}",
    )
    if declared.has_sweeps:

        @decorate
        def raw_jamf_with_sweeps(
            context: dg.AssetExecutionContext,
            config: SweepConfig,
            jamf: JamfResource,
            moss: MossResource,
        ) -> dg.MaterializeResult[None]:
            return _materialize(layout, context, jamf, moss, collection, config.sweep)

        return raw_jamf_with_sweeps

    @decorate
    def raw_jamf(
        context: dg.AssetExecutionContext, jamf: JamfResource, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        return _materialize(layout, context, jamf, moss, collection, "full")

    return raw_jamf


def _materialize(
    layout: Layout,
    context: dg.AssetExecutionContext,
    jamf: JamfResource,
    moss: MossResource,
    collection: str,
    sweep: SweepMode,
) -> dg.MaterializeResult[None]:
    slots = slots_of(context)
    with step(context, moss, layout.integration) as run:
        captured = capture(
            run, jamf.clients, collection, slots, sweep=sweep, attempt=context.retry_number
        )
        return dg.MaterializeResult(metadata=_metadata(captured))


def _build_named_asset(layout: Layout) -> dg.AssetsDefinition:
    @layout.asset(
        NAMED_RECORDS,
        NAMED,
        "The records that JAMF's webhooks named, asked for by their ids and added to the newest captures, which say "
        "what everything else is; staged. It covers no slot: what JAMF has at a time, only a sync shows.",
    )
    def named_records(
        context: dg.AssetExecutionContext, jamf: JamfResource, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            return dg.MaterializeResult(metadata=_named_metadata(read_named(run, jamf.clients)))

    return named_records


def _named_metadata(named: NamedRecords) -> dict[str, Any]:
    """What was named and read, as numbers; of each collection that something was asked of also its capture."""
    found = named.collections.values()
    return {
        "named": sum(each.taken for each in found),
        "not_served": sum(each.absent for each in found),
        "changed": sum(each.capture.changed for each in found if each.capture is not None),
        "requests": sum(each.reading.requests for each in found if each.reading is not None),
        **{
            f"{collection}_capture": str(each.capture.capture_id)
            for collection, each in named.collections.items()
            if each.capture is not None
        },
    }


def _metadata(captured: Captured) -> dict[str, Any]:
    if captured.switched_off is not None:
        return {"switched_off": captured.switched_off, "requests": 0}
    now, reading = captured.capture, captured.reading
    return {
        **row_count(None if now is None else now.captured),
        **({} if now is None or reading is None else _capture_metadata(now, reading)),
        **(
            _sweep_metadata(reading)
            if reading is not None and collection_named(captured.collection).has_sweeps
            else {}
        ),
        **({"scope_groups": list(captured.scope_groups)} if captured.scope_groups else {}),
        "requests": 0 if reading is None else reading.requests,
        "covered_by": {
            slot_key(slot): capture_id for slot, capture_id in captured.covered_by.items()
        },
    }


def _sweep_metadata(reading: Reading) -> dict[str, Any]:
    """How computers or users were captured, and why so."""
    return {
        "sweep": reading.sweep,
        "sweep_reason": reading.reason,
        "fetched": reading.fetched,
        **({} if reading.listed is None else {"listed": reading.listed}),
    }


def _capture_metadata(capture: Capture, reading: Reading) -> dict[str, Any]:
    return {
        "capture": str(capture.capture_id),
        "captured_at": dg.MetadataValue.timestamp(capture.captured_at),
        "captured": capture.captured,
        "changed": capture.changed,
        "removed": capture.removed,
        "quarantined": reading.rejected_count,
        "bytes_received": reading.bytes_received,
        "endpoint": reading.endpoint,
        "jamf_version": reading.server_version,
        "is_complete": capture.is_complete,
        "incomplete_reasons": list(capture.incomplete_reasons),
        "dagster/partition_row_count": capture.captured,
    }
