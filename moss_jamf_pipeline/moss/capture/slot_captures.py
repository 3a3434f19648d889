"""Which captures show JAMF as it was in a slot."""

from datetime import datetime
from typing import Final

import psycopg

from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import Row, fetch_all

_SLOTS_NAMED: Final = 3


def captures_of_slot(
    connection: psycopg.Connection, integration: Integration, slot: datetime
) -> dict[str, Capture]:
    """The captures that show JAMF as it was in a slot; of what was not captured then, the last one before.

    Args:
        connection: any.
        integration: whose slot; collections that M.O.S.S. has switched off are left out.
        slot: its start, aware.

    Raises:
        NothingCaptured: nothing was captured in that slot.
    """
    rows = fetch_all(
        connection, "what_if/captures_of_slot", {"integration_id": integration.id, "slot": slot}
    )
    if not any(row["slot"] == slot for row in rows):
        stored = fetch_all(
            connection,
            "what_if/stored_slots",
            {"integration_id": integration.id, "row_limit": _SLOTS_NAMED},
        )
        known = ", ".join(f"{row['slot']:%Y-%m-%d-%H:%M}" for row in stored)
        raise NothingCaptured(
            f"Nothing is stored of the slot {slot:%Y-%m-%d-%H:%M}.",
            f"The newest stored slots are {known}." if known else "Run `moss-jamf sync` first.",
        )
    return integration.settings.in_use({row["collection"]: _capture(row) for row in rows})


def _capture(row: Row) -> Capture:
    return Capture(
        capture_id=row["capture_id"],
        collection=row["collection"],
        status=row["status"],
        captured_at=row["captured_at"],
        captured=row["captured_count"],
        rejected=row["rejected_count"],
        incomplete_reasons=tuple(row["incomplete_reasons"]),
    )
