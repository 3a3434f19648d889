"""When what JAMF's webhooks named is synced: pure decisions about moments, as `schedule` has them for syncs."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from moss_jamf_pipeline.moss.capture.hints import Waiting
from moss_jamf_pipeline.moss.integration.integrations import Integration

_SETTLING: Final = timedelta(seconds=1)
"""What comes in a burst is given so long to arrive before the first of it is looked at."""


def decide_on_webhooks(
    integration: Integration,
    waits: Waiting,
    *,
    last_started: datetime | None,
    now: datetime,
    window_seconds: float,
    is_busy: bool,
) -> str:
    """Whether a run for what waits is started now.

    After a while of quiet it starts as soon as the first burst has arrived; after that, one run a window takes all that
    came in it. What waits longer than a burst, because another run was at work, waits no longer than that.

    Args:
        integration: its row, as it is now.
        waits: what waits.
        last_started: when the last such run was; None: it is not known.
        now: aware.
        window_seconds: the time between two such runs.
        is_busy: whether a run of the integration is queued or at work.

    Returns:
        Why none is started, as a sentence; empty: one is.
    """
    reasons = (
        *_of_integration(integration),
        *_of_what_waits(waits),
        *_of_time(waits, last_started, now, window_seconds, is_busy=is_busy),
    )
    return reasons[0] if reasons else ""


def _of_integration(integration: Integration) -> Iterator[str]:
    if not integration.is_enabled:
        yield f"The integration {integration.name!r} is switched off in M.O.S.S."
    if not integration.is_scheduled:
        yield f"Automatic syncs of {integration.name!r} are switched off in M.O.S.S. (auto_sync_enabled)."


def _of_what_waits(waits: Waiting) -> Iterator[str]:
    if not waits.records:
        yield "JAMF's webhooks named nothing that has not been looked at."
    if not waits.has_captures:
        yield f"{_in_words(waits)}: a first sync reads everything."


def _of_time(
    waits: Waiting,
    last_started: datetime | None,
    now: datetime,
    window_seconds: float,
    *,
    is_busy: bool,
) -> Iterator[str]:
    waiting = _in_words(waits)
    if is_busy:
        yield f"{waiting} for a run that is queued or at work."
    if waits.since is not None and waits.since <= now < waits.since + _SETTLING:
        yield f"{waiting} for others that may follow."
    # A moment that is yet to come was noted by a clock that was wrong.
    if last_started is not None and last_started <= now < (
        due := last_started + timedelta(seconds=window_seconds)
    ):
        yield f"{waiting} until {due:%H:%M:%S} UTC: the last run of this kind was at {last_started:%H:%M:%S}."


def _in_words(waits: Waiting) -> str:
    if waits.records == 1:
        return "1 record that webhooks named waits"
    return f"{waits.records:,} records that webhooks named wait"
