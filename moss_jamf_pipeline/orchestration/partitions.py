"""Slots: the six-hourly partitions of captures and snapshots."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import dagster as dg

from moss_jamf_pipeline.settings import Settings

# end_offset=1: the 12:00 tick runs the slot 12:00, the one that contains now: a capture shows JAMF as it is now.
SLOTS = dg.TimeWindowPartitionsDefinition(
    start=Settings().first_slot,
    fmt="%Y-%m-%d-%H:%M",
    cron_schedule="0 */6 * * *",
    timezone="UTC",
    end_offset=1,
)


def slot_start(key: str) -> datetime:
    """The start of a slot, aware, in UTC."""
    return SLOTS.time_window_for_partition_key(key).start.astimezone(UTC)


def slot_key_at(moment: datetime) -> str:
    """The key of the slot that contains a moment."""
    return SLOTS.get_partition_key_for_timestamp(moment.timestamp())


def slots_to_capture(
    slots: Iterable[datetime], covered: Mapping[datetime, int], now: datetime
) -> list[datetime]:
    """Which of the slots asked for need JAMF (DESIGN, "Slots, snapshots, backfills").

    The slot that contains now is captured anew whenever it is asked for. A past slot that has a stored capture keeps
    it: JAMF shows only its present state, and history is not invented. A past slot without one is covered by a
    capture made now.

    Args:
        slots: starts of the slots asked for.
        covered: those that have a stored capture, to its id.
        now: aware.

    Returns:
        The slots that one capture, made now, is to cover; empty when JAMF need not be asked.
    """
    current = slot_start(slot_key_at(now))
    return [slot for slot in slots if slot == current or slot not in covered]
