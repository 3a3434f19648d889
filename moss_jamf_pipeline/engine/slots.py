"""Slots: the six-hour grid, in UTC, by which captures are kept. A slot is named by its start.

Dagster's partitions are the same slots (`orchestration.partitions`); nothing here needs Dagster.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

SLOT_FORMAT: Final = "%Y-%m-%d-%H:%M"
"""How a slot's start is written as its key."""

SLOT_HOURS: Final = 6


def slot_start(key: str) -> datetime:
    """The start of a slot, aware, in UTC.

    Raises:
        ValueError: the key names no slot.
    """
    start = datetime.strptime(key, SLOT_FORMAT).replace(tzinfo=UTC)
    if slot_key_at(start) != key:
        raise ValueError(f"{key!r} lies between two slots")
    return start


def slot_key(start: datetime) -> str:
    """The key of the slot that begins at a moment."""
    return start.astimezone(UTC).strftime(SLOT_FORMAT)


def slot_key_at(moment: datetime) -> str:
    """The key of the slot that contains a moment."""
    in_utc = moment.astimezone(UTC)
    return slot_key(in_utc.replace(hour=in_utc.hour - in_utc.hour % SLOT_HOURS, minute=0))


def is_slot(key: str, *, first: str, now: datetime) -> bool:
    """Whether a key names a slot that has begun.

    Args:
        key: what somebody wrote.
        first: the key of the first slot there is.
        now: aware.
    """
    try:
        return slot_start(first) <= slot_start(key) <= now
    except ValueError:
        return False


def slots_to_capture(
    slots: Iterable[datetime], covered: Mapping[datetime, int], now: datetime
) -> list[datetime]:
    """Which of the slots asked for need JAMF.

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
