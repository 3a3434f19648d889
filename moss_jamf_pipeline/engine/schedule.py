"""When an integration is synced by itself: what its row in M.O.S.S. says, as pure decisions about moments.

What acts on the decisions is Dagster's sensor (`orchestration.sensors`).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from croniter import croniter

from moss_jamf_pipeline.moss.integration.integrations import Integration

_FIELDS: Final = 5
_BY_CHANCE: Final = re.compile(r"(?:^|[\s,])[rRhH](?:$|[\s,(/])")


class CronInvalid(ValueError):
    """A cron expression that means no time, or none that can be foretold."""


@dataclass(frozen=True, slots=True)
class NextSync:
    """When an integration is synced next by itself.

    Attributes:
        at: when, UTC; None: never, as things are.
        why_not: why never, as a sentence; empty if it will be.
    """

    at: datetime | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one look at the schedule leads to.

    Attributes:
        tick: the tick of the cron expression to sync for now; None: no sync is started.
        reason: why none is started; empty if one is.
        considered: up to when ticks are dealt with; later ones are looked at next time.
    """

    tick: datetime | None
    reason: str
    considered: datetime


def next_tick(cron: str, after: datetime) -> datetime:
    """The first time that a cron expression means after a moment.

    Args:
        cron: five fields, read in UTC.
        after: aware.

    Raises:
        CronInvalid: it means none.
    """
    return _tick(cron, after, forwards=True)


def last_tick(cron: str, now: datetime) -> datetime:
    """The latest time that a cron expression meant, now included. Arguments and errors as of `next_tick`."""
    # Ticks lie on whole minutes, and the iterator leaves out the one it starts at.
    return _tick(cron, now.replace(microsecond=0) + timedelta(seconds=1), forwards=False)


def _tick(cron: str, moment: datetime, *, forwards: bool) -> datetime:
    try:
        # `R` and `H` are a time by chance, another one each time it is asked for.
        if len(croniter.expand(cron)[0]) == _FIELDS and not _BY_CHANCE.search(cron):
            ticks = croniter(cron, moment.astimezone(UTC))
            found: datetime = ticks.get_next(datetime) if forwards else ticks.get_prev(datetime)
            return found
    except ValueError as error:
        # What croniter raises for a text that is no expression, and for the 31st of April.
        raise CronInvalid(cron) from error
    raise CronInvalid(cron)


def next_sync(integration: Integration, now: datetime) -> NextSync:
    """When the integration's row in M.O.S.S. has it synced next."""
    if not integration.is_enabled:
        return NextSync(None, f"The integration {integration.name!r} is switched off in M.O.S.S.")
    if not integration.is_scheduled:
        return NextSync(
            None,
            f"Automatic syncs of {integration.name!r} are switched off in M.O.S.S. (auto_sync_enabled).",
        )
    try:
        return NextSync(next_tick(integration.schedule, now))
    except CronInvalid:
        return NextSync(
            None,
            f"The schedule of {integration.name!r} in M.O.S.S. (sync_schedule), {integration.schedule!r}, is no cron "
            "expression of five fields that means a time, such as '0 */6 * * *'.",
        )


def decide(
    integration: Integration, considered: datetime | None, now: datetime, *, is_busy: bool
) -> Decision:
    """Whether a sync is due.

    One that is due and cannot start yet waits: after a downtime, or behind a sync that takes longer than the time
    between two ticks, however many ticks passed, there is one sync, now. What passed while M.O.S.S. had syncs
    switched off is not made up for, nor what lies before a change of the schedule.

    Args:
        integration: its row, as it is now.
        considered: up to when ticks were dealt with; None at the first look, which starts nothing.
        now: aware.
        is_busy: whether a sync of this kind is queued or running.
    """
    following = next_sync(integration, now)
    if following.at is None:
        return Decision(None, following.why_not, now)
    # A moment that is yet to come was noted by a clock that was wrong.
    since = now if considered is None or considered > now else considered
    tick = last_tick(integration.schedule, now)
    if tick <= since:
        return Decision(None, f"The next sync is due {following.at:%Y-%m-%d %H:%M} UTC.", now)
    if is_busy:
        return Decision(
            None,
            f"The sync of {tick:%Y-%m-%d %H:%M} UTC waits for one that is queued or running.",
            since,
        )
    return Decision(tick, "", now)
