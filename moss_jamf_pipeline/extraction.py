"""Extract and load: reads one JAMF collection page by page into a capture.

The only place where the JAMF client and the M.O.S.S. side meet; knows neither Dagster nor what the documents mean.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

from moss_jamf_pipeline.jamf import Collection, JamfClient, SweepSummary
from moss_jamf_pipeline.moss.captures import Capture, CaptureFacts, open_capture


async def capture_collection(
    client: JamfClient,
    connection: psycopg.Connection,
    integration_id: UUID,
    collection: str,
    slots: Sequence[datetime],
    *,
    scope_groups: Sequence[str] = (),
) -> tuple[Capture, SweepSummary]:
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

    Returns:
        The stored capture, and what reading it took.

    Raises:
        JamfScopeInvalid: such a group is not in JAMF; nothing is stored.
        JamfError: JAMF could not be read; nothing is stored.
        OtherJamfServer: earlier captures came from another server.
    """
    with open_capture(
        connection, integration_id, collection, server_identity(client.base_url)
    ) as writer:
        scope = scope_groups if collection == Collection.COMPUTERS else ()
        group_ids = await client.computer_group_ids(scope) if scope else frozenset()
        sweep = client.sweep(Collection(collection), scope_group_ids=group_ids)
        async for page in sweep:
            writer.write_page(page.records)
        summary = sweep.summary
        if scope:
            # A group that is deleted meanwhile vanishes from its members at once: all would seem out of scope.
            await client.computer_group_ids(scope)
        capture = writer.finish(_facts(summary), slots)
    return capture, summary


def server_identity(base_url: str) -> str:
    """Names a JAMF server so that another one is noticed: its host, and its port unless it is this machine's own.

    A server on the loopback is the simulator or a tunnel, whose port changes from run to run.
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if host in {"localhost", "127.0.0.1", "::1"}:
        return "loopback"
    return host if parts.port in {None, 443} else f"{host}:{parts.port}"


def _facts(summary: SweepSummary) -> CaptureFacts:
    return CaptureFacts(
        server_version=summary.server_version,
        endpoint=summary.endpoint,
        total_count=summary.total_count,
        requests=summary.requests,
        bytes_received=summary.bytes_received,
        incomplete_reasons=summary.incomplete_reasons,
        rejected=tuple(
            (record.jamf_id, record.reason, record.detail) for record in summary.rejected
        ),
        rejected_count=summary.rejected_count,
    )
