"""Captures a collection of JAMF for the slots that need it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.engine.access import JamfClients
from moss_jamf_pipeline.engine.attributes import look_at_capture, read_attributes
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.extraction import READ_WHOLE, Reading, capture_collection
from moss_jamf_pipeline.engine.slots import slots_to_capture
from moss_jamf_pipeline.moss.capture.cadence import (
    SweepChoice,
    SweepMode,
    asked_reading_of_users,
    asked_sweep,
)
from moss_jamf_pipeline.moss.capture.captures import Capture


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of a collection.

    Attributes:
        collection: which.
        covered_by: each slot asked for, to the capture that covers it; empty where it is switched off.
        switched_off: why JAMF was not asked, as a sentence; None if that is not the reason.
        capture: what was captured now; None: nothing had to be.
        reading: what was read for that.
        scope_groups: of computers, the JAMF groups to which the capture is confined.
    """

    collection: str
    covered_by: Mapping[datetime, int]
    switched_off: str | None = None
    capture: Capture | None = None
    reading: Reading | None = None
    scope_groups: tuple[str, ...] = ()


def capture(
    run: RunContext,
    clients: JamfClients,
    collection: str,
    slots: Sequence[datetime],
    *,
    sweep: SweepMode = "auto",
    attempt: int = 0,
) -> Captured:
    """Pulls a collection once, now, for those of the slots that need it (`slots_to_capture`).

    Args:
        run: the run.
        clients: what makes clients of JAMF.
        collection: which.
        slots: the starts of the slots.
        sweep: how computers are captured, and users that cost a request each; other collections are always read whole.
        attempt: how often it was tried before in this run.

    Raises:
        JamfError: JAMF could not be read; nothing is stored.
        OtherJamfServer: earlier captures came from another server.
        ConfigurationMissing: no server or no credentials are configured.
    """
    with run.step() as connection:
        if reason := run.integration.settings.switched_off(collection):
            return Captured(collection, {}, switched_off=reason)
        covered = run.covered(collection, slots)
        due = slots_to_capture(slots, covered, datetime.now(UTC))
        if not due:
            return Captured(collection, covered)
        is_of_computers = collection == CollectionName.COMPUTERS
        asked = READ_WHOLE
        if is_of_computers:
            asked = asked_sweep(sweep, run.run.triggered_by)
        elif collection == CollectionName.USERS:
            asked = asked_reading_of_users(sweep)
        with clients.attempt(attempt):
            made, reading = asyncio.run(_capture(run, connection, clients, collection, due, asked))
        run.captures_changed()
        run.covers(collection, due, made.capture_id)
        return Captured(
            collection,
            run.covered(collection, slots),
            capture=made,
            reading=reading,
            scope_groups=run.integration.scope_groups if is_of_computers else (),
        )


async def _capture(
    run: RunContext,
    connection: psycopg.Connection,
    clients: JamfClients,
    collection: str,
    slots: Sequence[datetime],
    asked: SweepChoice,
) -> tuple[Capture, Reading]:
    async with clients.client(run.settings, run.integration, connection) as client:
        is_of_computers = collection == CollectionName.COMPUTERS
        taking = (
            await read_attributes(client, connection, run.integration) if is_of_computers else None
        )
        capture, reading = await capture_collection(
            client,
            connection,
            run.integration.id,
            collection,
            slots,
            scope_groups=run.integration.scope_groups,
            asked=asked,
            full_sweep_hours=run.integration.settings.full_sweep_hours,
            attributes=taking,
        )
    if taking is not None:
        look_at_capture(connection, run.integration, capture, reading, taking)
    return capture, reading
