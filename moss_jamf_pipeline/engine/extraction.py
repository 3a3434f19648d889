"""Extract and load: reads one JAMF collection page by page into a capture.

The only place where the JAMF client and the M.O.S.S. side meet; knows neither Dagster nor what the documents mean.

Between full sweeps computers may be captured incrementally: all are listed with the one section that tells which are
new or changed, and only those are read whole. What is stored then is what a full sweep would have stored of everything
a listing shows (`moss.cadence.UNSEEN` names the rest). Where that cannot be had, or would cost more, a full sweep
follows in the same capture.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import psycopg

from moss_jamf_pipeline.jamf import (
    AttributeTaking,
    ChangedComputers,
    CollectionName,
    JamfClient,
    JamfFilterUnusable,
    JamfRecord,
    KnownUser,
    RejectedRecord,
    RejectionReason,
    SweepSummary,
    computer_document_shape,
    sections_missing,
    user_document_shape,
)
from moss_jamf_pipeline.moss.capture.cadence import (
    FULL,
    INCREMENTAL,
    TARGETED,
    SweepChoice,
    SweepKind,
    SweepStanding,
    possible_sweep,
    sweep_standing,
)
from moss_jamf_pipeline.moss.capture.captures import (
    Capture,
    CaptureFacts,
    CaptureWriter,
    known_users,
    open_capture,
)

logger = logging.getLogger("moss_jamf_pipeline.engine.extraction")

READ_WHOLE = SweepChoice(FULL, "It is read as a whole each time.")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read for a capture, and what it took.

    Attributes:
        sweep: `full`, `incremental` or `targeted`, as it came to be.
        reason: why, as sentences.
        endpoint: the path it was read from.
        server_version: as JAMF reports it.
        requests: requests sent, retries included, token requests not.
        bytes_received: bytes of answers, decompressed.
        total_count: JAMF's own count; None if the listing has none.
        rejected: records that cannot be used, or the first of them.
        rejected_count: how many there were.
        incomplete_reasons: why absence proves nothing, as sentences; empty if it does.
        fetched: usable records that were read whole.
        listed: computers listed to see what changed; None if none were.
    """

    sweep: SweepKind
    reason: str
    endpoint: str
    server_version: str
    requests: int
    bytes_received: int
    total_count: int | None
    rejected: tuple[RejectedRecord, ...]
    rejected_count: int
    incomplete_reasons: tuple[str, ...]
    fetched: int = 0
    listed: int | None = None


async def capture_collection(
    client: JamfClient,
    connection: psycopg.Connection,
    integration_id: UUID,
    collection: str,
    slots: Sequence[datetime],
    *,
    scope_groups: Sequence[str] = (),
    asked: SweepChoice = READ_WHOLE,
    full_sweep_hours: float = 0.0,
    attributes: AttributeTaking | None = None,
) -> tuple[Capture, Reading]:
    """Pulls a collection once, now, and stores it as the capture that covers the given slots.

    Memory stays flat: a page is copied to the database before the next but few is read.

    Args:
        client: an open client.
        connection: one in autocommit mode, used by nothing else meanwhile.
        integration_id: whose capture it is.
        collection: `computers`, `users`, `groups`, `buildings` or `departments`.
        slots: the starts of the slots it stands for.
        scope_groups: ids or names of the JAMF groups to which computers must belong, all of them; of the others
            nothing is stored but that they are there. Of other collections everything is in scope.
        asked: of computers, and of users that cost a request each: a full sweep, or an incremental capture if there may
            be one.
        full_sweep_hours: how old the newest full sweep may be for that.
        attributes: of computers, what is taken of their extension attributes; None: they are not asked for.

    Returns:
        The stored capture, and what was read for it.

    Raises:
        JamfScopeInvalid: such a group is not in JAMF; nothing is stored.
        JamfError: JAMF could not be read; nothing is stored.
        OtherJamfServer: earlier captures came from another server.
    """
    is_of_computers = collection == CollectionName.COMPUTERS
    shape = _document_shape(collection, attributes)
    with open_capture(connection, integration_id, collection, client.identity) as writer:
        choice, standing = asked, None
        if is_of_computers and asked.kind == INCREMENTAL:
            standing = sweep_standing(connection, integration_id)
            choice = possible_sweep(
                standing,
                full_sweep_hours=full_sweep_hours,
                is_scoped=bool(scope_groups),
                document_shape=shape or "",
                server_version=str(await client.server_version()),
            )
        if collection == CollectionName.USERS and asked.kind == INCREMENTAL:
            reading = await _read_users(
                client, writer, connection, integration_id, full_sweep_hours
            )
        elif standing is not None and choice.kind == INCREMENTAL:
            reading = await _read_changed(client, writer, standing, choice.reason, attributes)
        else:
            scope = scope_groups if is_of_computers else ()
            reading = await _read_whole(
                client, writer, CollectionName(collection), choice.reason, scope, attributes
            )
        capture = writer.finish(_facts(reading, shape), slots)
    return capture, reading


async def capture_named(
    client: JamfClient,
    connection: psycopg.Connection,
    integration_id: UUID,
    collection: CollectionName,
    wanted: frozenset[str],
    base: Capture,
    *,
    scope_groups: Sequence[str] = (),
    attributes: AttributeTaking | None = None,
) -> tuple[Capture, Reading, frozenset[str]] | None:
    """Pulls some records by their ids, now, and stores them on top of the newest capture, as one of its own.

    Args:
        client: an open client.
        connection: one in autocommit mode, used by nothing else meanwhile.
        integration_id: whose records they are.
        collection: computers or users.
        wanted: their ids; JAMF may have them or not.
        base: the newest capture.
        scope_groups: as of `capture_collection`.
        attributes: the same.

    Returns:
        The stored capture, what was read for it, and the ids of which nothing came. None: this JAMF Pro is so old that
        it cannot be asked for some of them; nothing is stored.

    Raises:
        JamfScopeInvalid: such a group is not in JAMF; nothing is stored.
        JamfError: JAMF could not be read; nothing is stored.
        OtherJamfServer: earlier captures came from another server.
    """
    standing = sweep_standing(connection, integration_id, collection)
    endpoint = None if standing is None else standing.endpoint
    is_scoped = bool(scope_groups) and collection == CollectionName.COMPUTERS
    group_ids = await client.computer_group_ids(scope_groups) if is_scoped else frozenset()
    found = await client.fetch_named(
        collection,
        wanted,
        endpoint=endpoint,
        scope_group_ids=group_ids,
        attributes=attributes,
    )
    if found is None:
        return None
    path, fetch = found
    with open_capture(connection, integration_id, collection, client.identity) as writer:
        rejected: list[RejectedRecord] = []
        async for page in fetch:
            writer.write_page(page.records)
            rejected += page.rejected
        if is_scoped:
            # A group that is deleted meanwhile vanishes from its members at once: all would seem out of scope.
            await client.computer_group_ids(scope_groups)
        reading = Reading(
            sweep=TARGETED,
            reason="JAMF's webhooks named them.",
            endpoint=path,
            server_version=str(await client.server_version()),
            requests=fetch.requests,
            bytes_received=fetch.bytes_received,
            total_count=None,
            rejected=tuple(rejected),
            rejected_count=len(rejected),
            incomplete_reasons=(),
            fetched=fetch.fetched,
        )
        facts = _facts(reading, _document_shape(collection, attributes))
        capture = writer.finish_targeted(facts, base)
    return capture, reading, fetch.absent


async def _read_whole(
    client: JamfClient,
    writer: CaptureWriter,
    collection: CollectionName,
    reason: str,
    scope: Sequence[str] = (),
    attributes: AttributeTaking | None = None,
) -> Reading:
    """A full sweep."""
    group_ids = await client.computer_group_ids(scope) if scope else frozenset()
    sweep = client.sweep(collection, scope_group_ids=group_ids, attributes=attributes)
    async for page in sweep:
        writer.write_page(page.records)
    if scope:
        # A group that is deleted meanwhile vanishes from its members at once: all would seem out of scope.
        await client.computer_group_ids(scope)
    return replace(_reading_of(sweep.summary, FULL, reason), fetched=writer.captured)


async def _read_users(
    client: JamfClient,
    writer: CaptureWriter,
    connection: psycopg.Connection,
    integration_id: UUID,
    full_sweep_hours: float,
) -> Reading:
    """All users; where each costs a request, only those that are not known, until a full sweep is due."""
    if not await client.reads_users_one_by_one():
        return await _read_whole(client, writer, CollectionName.USERS, READ_WHOLE.reason)
    choice = possible_sweep(
        sweep_standing(connection, integration_id, CollectionName.USERS),
        full_sweep_hours=full_sweep_hours,
        is_scoped=False,
        document_shape=user_document_shape(),
        server_version=str(await client.server_version()),
    )
    if choice.kind == FULL:
        return await _read_whole(client, writer, CollectionName.USERS, choice.reason)
    known = {
        row["jamf_id"]: KnownUser(
            row["username"],
            JamfRecord(
                row["jamf_id"], row["document"].encode(), bytes(row["content_hash"]), None, None
            ),
        )
        for row in known_users(connection, integration_id)
    }
    sweep = client.sweep(CollectionName.USERS, known_users=known)
    async for page in sweep:
        writer.write_page(page.records)
    return replace(
        _reading_of(sweep.summary, INCREMENTAL if sweep.summary.reused else FULL, choice.reason),
        fetched=writer.captured - sweep.summary.reused,
        listed=sweep.summary.distinct_count,
    )


def _document_shape(collection: str, attributes: AttributeTaking | None = None) -> str | None:
    """The form of a collection's documents, where incremental captures compare it."""
    match collection:
        case CollectionName.COMPUTERS:
            return computer_document_shape(frozenset() if attributes is None else attributes.wanted)
        case CollectionName.USERS:
            return user_document_shape()
        case _:
            return None


async def _read_changed(
    client: JamfClient,
    writer: CaptureWriter,
    standing: SweepStanding,
    reason: str,
    attributes: AttributeTaking | None,
) -> Reading:
    """A listing of all computers, and whole those that changed by it; or a full sweep after all."""
    listing = client.computer_listing()
    async for page in listing:
        writer.list_page(page.records)
    listed = replace(
        _reading_of(listing.summary, INCREMENTAL, reason), listed=listing.summary.distinct_count
    )
    if listed.endpoint != standing.endpoint:
        instead = f"JAMF lists computers at {listed.endpoint} now, and did at {standing.endpoint}."
        return await _read_whole_instead(client, writer, listed, instead, attributes)
    plan = client.plan_of_reading(ChangedComputers(**writer.find_changes()))
    if plan.reads_all:
        return await _read_whole_instead(client, writer, listed, f"{plan.reason}.", attributes)
    fetch = client.fetch_computers(
        listed.endpoint, writer.wanted_ids(), since=plan.since, attributes=attributes
    )
    rejected: list[RejectedRecord] = []
    unusable: JamfFilterUnusable | None = None
    try:
        async for fetched in fetch:
            writer.write_page(fetched.records)
            rejected += fetched.rejected
    except JamfFilterUnusable as error:
        logger.warning("%s", error)
        unusable = error
    lacking = sum(record.reason == RejectionReason.SECTION_MISSING for record in rejected)
    reading = replace(
        listed,
        reason=f"{reason} By a listing, {plan.reason}.",
        requests=listed.requests + fetch.requests,
        bytes_received=listed.bytes_received + fetch.bytes_received,
        rejected=(*listed.rejected, *rejected),
        rejected_count=listed.rejected_count + len(rejected),
        incomplete_reasons=(
            *listed.incomplete_reasons,
            *([sections_missing(lacking)] if lacking else []),
        ),
        fetched=fetch.fetched,
    )
    if unusable is not None:
        return await _read_whole_instead(client, writer, reading, unusable.happened, attributes)
    return reading


async def _read_whole_instead(
    client: JamfClient,
    writer: CaptureWriter,
    so_far: Reading,
    reason: str,
    attributes: AttributeTaking | None,
) -> Reading:
    """A full sweep in place of what was read so far, which is forgotten, but for what it cost."""
    logger.info("all computers are read: %s", reason)
    writer.begin_anew()
    reading = await _read_whole(
        client, writer, CollectionName.COMPUTERS, reason, attributes=attributes
    )
    return replace(
        reading,
        requests=so_far.requests + reading.requests,
        bytes_received=so_far.bytes_received + reading.bytes_received,
        listed=so_far.listed,
    )


def _reading_of(summary: SweepSummary, sweep: SweepKind, reason: str) -> Reading:
    return Reading(
        sweep=sweep,
        reason=reason,
        endpoint=summary.endpoint,
        server_version=summary.server_version,
        requests=summary.requests,
        bytes_received=summary.bytes_received,
        total_count=summary.total_count,
        rejected=summary.rejected,
        rejected_count=summary.rejected_count,
        incomplete_reasons=summary.incomplete_reasons,
    )


def _facts(reading: Reading, document_shape: str | None) -> CaptureFacts:
    return CaptureFacts(
        server_version=reading.server_version,
        endpoint=reading.endpoint,
        total_count=reading.total_count,
        requests=reading.requests,
        bytes_received=reading.bytes_received,
        incomplete_reasons=reading.incomplete_reasons,
        rejected=tuple(
            (record.jamf_id, record.reason, record.detail) for record in reading.rejected
        ),
        rejected_count=reading.rejected_count,
        sweep=reading.sweep,
        fetched_count=reading.fetched,
        document_shape=document_shape,
    )
