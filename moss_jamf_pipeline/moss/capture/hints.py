"""What JAMF's webhooks hinted at, as runs see it: what waits, what a run takes, and what becomes of it.

A hint says that a record may have changed; what it is now, JAMF says. A run takes hints before it asks and lets go of
them when M.O.S.S. is in step, so that what a run had taken that died is taken again. Storing them is
`services.webhooks`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.collections import CollectionName, collection_named
from moss_jamf_pipeline.moss.statements import execute, fetch_all

NAMED_COLLECTIONS: Final = (CollectionName.COMPUTERS, CollectionName.USERS)
"""What webhooks name records of."""

MOST_KNOWN: Final = 1_500
"""Records that a run reads at most, of those that are stored: ten requests."""
MOST_UNKNOWN: Final = 150
"""The same of others, which JAMF may have or not: one request."""

_LOOKS: Final = 2
_MOST_ATTEMPTS: Final = 6


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be looked at.

    Attributes:
        records: how many records.
        since: since when the first of them does; None: none waits.
        has_captures: whether there is a capture to add them to.
    """

    records: int
    since: datetime | None
    has_captures: bool


def waiting(connection: psycopg.Connection, integration_id: UUID) -> Waiting:
    """What waits, leaving out what a run is looking at and what is tried again later."""
    (row,) = fetch_all(
        connection, "webhooks/records_to_look_at", {"integration_id": integration_id}
    )
    return Waiting(**row)


def take(
    connection: psycopg.Connection,
    integration_id: UUID,
    run_id: str,
    collection: CollectionName,
    *,
    is_switched_off: bool,
) -> frozenset[str]:
    """Takes what waits of a collection for a run, up to what one run reads.

    Args:
        connection: one in autocommit mode.
        integration_id: whose.
        run_id: the run.
        collection: which.
        is_switched_off: whether the collection is not synced; then what waits of it is dropped.

    Returns:
        The ids of the records.
    """
    scope = {
        "integration_id": integration_id,
        "run_id": run_id,
        "record_type": _record_type(collection),
        "collection": collection.value,
    }
    execute(
        connection,
        "webhooks/drop_events",
        scope | {"is_switched_off": is_switched_off, "most_attempts": _MOST_ATTEMPTS},
    )
    if is_switched_off:
        return frozenset()
    rows = fetch_all(
        connection,
        "webhooks/take_events",
        scope | {"most_known": MOST_KNOWN, "most_unknown": MOST_UNKNOWN},
    )
    return frozenset(row["jamf_id"] for row in rows)


def note_found(
    connection: psycopg.Connection,
    integration_id: UUID,
    run_id: str,
    collection: CollectionName,
    absent: Iterable[str],
) -> None:
    """Notes what became of what a run has taken of a collection.

    Args:
        connection: any.
        integration_id: whose.
        run_id: the run.
        collection: which.
        absent: ids of the records that JAMF did not send.
    """
    execute(
        connection,
        "webhooks/note_found",
        {
            "integration_id": integration_id,
            "run_id": run_id,
            "record_type": _record_type(collection),
            "absent_ids": sorted(absent),
        },
    )


def settle(connection: psycopg.Connection, integration_id: UUID, run_id: str) -> None:
    """Lets go of what a run has taken that came to its end; what JAMF did not send is looked at once more."""
    execute(
        connection,
        "webhooks/settle_events",
        {"integration_id": integration_id, "run_id": run_id, "looks": _LOOKS},
    )


def _record_type(collection: CollectionName) -> str:
    external_type = collection_named(collection).external_type
    if external_type is None:
        raise ValueError(f"webhooks name no {collection}")
    return external_type
