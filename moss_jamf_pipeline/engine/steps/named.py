"""Reads the records that JAMF's webhooks named, and adds them to what was captured of their collections.

Everything else is as the newest captures have it. What is found this way is matched, planned, guarded and applied as
after a sync; that a record does not come says nothing yet, for absence is a matter of sweeps.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.engine.access import JamfClients
from moss_jamf_pipeline.engine.attributes import known_taking
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.extraction import Reading, capture_named
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.capture.hints import NAMED_COLLECTIONS, note_found, take
from moss_jamf_pipeline.moss.capture.snapshots import stage_snapshot, staging_policies


@dataclass(frozen=True, slots=True)
class NamedOfCollection:
    """What became of the records that were named of a collection.

    Attributes:
        taken: how many records the run looks at.
        absent: those of them that JAMF did not send.
        capture: what was captured; None: nothing had to be, or could be.
        reading: what was read for it.
    """

    taken: int
    absent: int = 0
    capture: Capture | None = None
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class NamedRecords:
    """What became of all that was named.

    Attributes:
        collections: by collection.
    """

    collections: Mapping[CollectionName, NamedOfCollection]


def read_named(run: RunContext, clients: JamfClients) -> NamedRecords:
    """Takes what webhooks named, reads it, and stages it.

    Args:
        run: the run.
        clients: what makes clients of JAMF.

    Raises:
        JamfError: JAMF could not be read; nothing of that collection is stored, and it is taken again.
        OtherJamfServer: earlier captures came from another server.
        ConfigurationMissing: no server or no credentials are configured.
    """
    with run.step() as connection:
        found = {
            collection: _read(run, connection, clients, collection)
            for collection in NAMED_COLLECTIONS
        }
        _stage(run, connection)
        return NamedRecords(found)


def _read(
    run: RunContext,
    connection: psycopg.Connection,
    clients: JamfClients,
    collection: CollectionName,
) -> NamedOfCollection:
    base = run.captures.get(collection)
    if base is None:
        # There is nothing to add to; the first sync reads all there is.
        return NamedOfCollection(0)
    integration_id, run_id = run.integration.id, run.run.run_id
    wanted = take(
        connection,
        integration_id,
        run_id,
        collection,
        is_switched_off=run.integration.settings.switched_off(collection) is not None,
    )
    if not wanted:
        return NamedOfCollection(0)
    captured = asyncio.run(_capture(run, connection, clients, collection, wanted, base))
    absent: frozenset[str] = frozenset()
    named = NamedOfCollection(len(wanted))
    if captured is not None:
        capture, reading, absent = captured
        named = NamedOfCollection(len(wanted), len(absent), capture, reading)
        run.captures_changed()
    note_found(connection, integration_id, run_id, collection, absent)
    return named


async def _capture(
    run: RunContext,
    connection: psycopg.Connection,
    clients: JamfClients,
    collection: CollectionName,
    wanted: frozenset[str],
    base: Capture,
) -> tuple[Capture, Reading, frozenset[str]] | None:
    async with clients.client(run.settings, run.integration, connection) as client:
        return await capture_named(
            client,
            connection,
            run.integration.id,
            collection,
            wanted,
            base,
            scope_groups=run.integration.scope_groups,
            attributes=known_taking(connection, run.integration)
            if collection == CollectionName.COMPUTERS
            else None,
        )


def _stage(run: RunContext, connection: psycopg.Connection) -> None:
    """Stages the newest capture of each collection: of one whose run died, nothing may have been staged."""
    policies = staging_policies(connection, run.integration)
    for collection, capture in run.captures.items():
        stage_snapshot(connection, run.integration.id, collection, capture.capture_id, policies)
