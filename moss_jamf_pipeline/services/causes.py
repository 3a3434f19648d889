"""What of an integration somebody should see to now: each cause once, however many runs it lasts. Only looks.

Alerts tell of them, and reports begin with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.engine.schedule import CronInvalid, last_tick
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.guard import held_changes, held_sentences
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one, fetch_value
from moss_jamf_pipeline.services.credentials_expiry import expiry_of
from moss_jamf_pipeline.settings import Settings

HISTORY_TYPES: Final = tuple(
    dict.fromkeys((*(scope.sync_type for scope in SCOPES.values() if scope.applies), "partial"))
)
"""What M.O.S.S.'s history calls syncs."""

_LATE_AFTER: Final = timedelta(hours=1)
_TIMES_RUNNING: Final = 3
_WEEK: Final = timedelta(days=7)
_GROWS_BY: Final = 10
_GROWS_BY_SHARE: Final = 0.5
_DAYS_CLOSE: Final = 7
"""Before the end of credentials, from when on it is told every day."""


class CauseKind(StrEnum):
    """What somebody should see to, the most urgent first."""

    RUN_FAILED = "run_failed"
    SLOT_MISSED = "slot_missed"
    CAPTURE_INCOMPLETE = "capture_incomplete"
    CREDENTIALS_EXPIRE = "credentials_expire"
    CHANGES_HELD = "changes_held"
    CONFLICTS_GROW = "conflicts_grow"
    QUARANTINE_GROWS = "quarantine_grows"

    @property
    def heading(self) -> str:
        """What it is, in a few words."""
        return _HEADINGS[self]


_HEADINGS: Final[Mapping[CauseKind, str]] = {
    CauseKind.RUN_FAILED: "A run failed",
    CauseKind.SLOT_MISSED: "A sync that was due has not started",
    CauseKind.CAPTURE_INCOMPLETE: "JAMF is read incompletely",
    CauseKind.CREDENTIALS_EXPIRE: "JAMF's credentials are about to expire",
    CauseKind.CHANGES_HELD: "Changes wait for an approval",
    CauseKind.CONFLICTS_GROW: "The conflict queue grows",
    CauseKind.QUARANTINE_GROWS: "The quarantine grows",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that somebody should see to.

    Attributes:
        kind: what it is.
        cause: which of its kind, e.g. a type of sync; the same as long as it lasts.
        summary: what happened, in sentences.
        remedy: what to do, as a sentence; empty if the summary says it.
        page: the companion's page of it, below `/jamf/`; None: its dashboard.
        run_id: the Dagster run that shows it, if there is one.
        told_again_after: people are told again after this while it lasts; None: as is usual.
    """

    kind: CauseKind
    cause: str
    summary: str
    remedy: str = ""
    page: str | None = None
    run_id: str | None = None
    told_again_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class QueueSizes:
    """How much waited at a moment.

    Attributes:
        moment: when.
        conflicts: how many conflicts were open.
        records: how many of JAMF's records could not be used.
        fields: how many fields of usable records were left out.
        has_captures: whether anything was captured by then, and is kept still.
    """

    moment: datetime
    conflicts: int
    records: int
    fields: int
    has_captures: bool

    @property
    def quarantined(self) -> int:
        """Records and fields together."""
        return self.records + self.fields


def causes_of(
    connection: psycopg.Connection, integration: Integration, settings: Settings, now: datetime
) -> tuple[Cause, ...]:
    """What there is to see to of an integration, the most urgent first.

    Args:
        connection: under the reading role.
        integration: as its row in M.O.S.S. is now.
        settings: the environment.
        now: aware.
    """
    found = (
        *_failures(connection, integration),
        *_missed(connection, integration, now),
        *_incomplete(connection, integration),
        *_expiry(connection, integration, settings, now),
        *_held(connection, integration),
        *_growth(connection, integration, now),
    )
    order = list(CauseKind)
    return tuple(sorted(found, key=lambda cause: order.index(cause.kind)))


def queue_sizes(
    connection: psycopg.Connection, integration_id: UUID, moments: tuple[datetime, ...]
) -> tuple[QueueSizes, ...]:
    """How much waited at some moments, the earliest first."""
    rows = fetch_all(
        connection,
        "alerts/queue_sizes",
        {"integration_id": integration_id, "moments": sorted(moments)},
    )
    return tuple(QueueSizes(**row) for row in rows)


def failure(sync_type: str, summary: str, run_id: str | None = None) -> Cause:
    """A run that failed.

    Args:
        sync_type: what M.O.S.S.'s history calls its syncs; of a run that is not in it, its job.
        summary: what happened and what to do, in sentences.
        run_id: the run.
    """
    return Cause(CauseKind.RUN_FAILED, sync_type, summary, run_id=run_id)


def _failures(connection: psycopg.Connection, integration: Integration) -> list[Cause]:
    rows = fetch_all(connection, "alerts/failed_syncs", {"integration_id": integration.id})
    return [
        failure(
            row["sync_type"],
            f"The sync of {integration.name!r} ({row['sync_type']}) failed {_at(row['failed_at'])}. "
            f"{row['error_message'] or ''}".strip(),
            row["run_id"],
        )
        for row in rows
    ]


def _missed(connection: psycopg.Connection, integration: Integration, now: datetime) -> list[Cause]:
    if not (integration.is_enabled and integration.is_scheduled):
        return []
    try:
        tick = last_tick(integration.schedule, now - _LATE_AFTER)
    except CronInvalid:
        return []
    began = fetch_value(connection, "alerts/newest_full_sync", {"integration_id": integration.id})
    # Before the first sync nobody knows since when one is due.
    if began is None or began >= tick:
        return []
    return [
        Cause(
            CauseKind.SLOT_MISSED,
            "schedule",
            f"No sync of {integration.name!r} has started for {tick:%Y-%m-%d %H:%M} UTC, when one was due. The newest "
            f"full one began {_at(began)}.",
            "See that the Dagster daemon runs and that no run blocks the queue: `moss-jamf status` says what is due. A "
            "sync of now closes the gap.",
        )
    ]


def _incomplete(connection: psycopg.Connection, integration: Integration) -> list[Cause]:
    rows = fetch_all(
        connection,
        "alerts/incomplete_captures",
        {"integration_id": integration.id, "times": _TIMES_RUNNING},
    )
    return [
        Cause(
            CauseKind.CAPTURE_INCOMPLETE,
            row["collection"],
            f"JAMF's {row['collection']} were not read completely {_TIMES_RUNNING} times running, since "
            f"{_at(row['since'])}. {row['reason']}".strip(),
            "What is gone from JAMF is not told until a capture is complete. The runs say which records or pages are "
            "missing.",
        )
        for row in rows
        if integration.settings.switched_off(row["collection"]) is None
    ]


def _expiry(
    connection: psycopg.Connection, integration: Integration, settings: Settings, now: datetime
) -> list[Cause]:
    expiry = expiry_of(connection, settings, integration, now.date())
    if expiry is None or expiry.state == "fine":
        return []
    verb = "ended" if expiry.state == "over" else "end"
    return [
        Cause(
            CauseKind.CREDENTIALS_EXPIRE,
            "client secret",
            f"The credentials of {integration.name!r} for JAMF {verb} on {expiry.ends_on}. No sync works without new "
            "ones.",
            expiry.remedy,
            page="config",
            told_again_after=None if expiry.days_left <= _DAYS_CLOSE else _WEEK,
        )
    ]


def _held(connection: psycopg.Connection, integration: Integration) -> list[Cause]:
    newest = fetch_one(connection, "plan/newest_plan", {"integration_id": integration.id})
    if newest is None:
        return []
    plan_id = newest["plan_id"]
    held = sorted(held_changes(connection, plan_id), key=lambda change: change.kind)
    return [
        Cause(
            CauseKind.CHANGES_HELD,
            kind.value,
            f"The sync of {integration.name!r} holds changes back. {' '.join(held_sentences(tuple(changes)))} "
            "Everything else goes on.",
            f"Look at them; if they are meant, `moss-jamf approve {plan_id} --kind {kind}` releases them.",
            page=f"plans/{plan_id}/held",
        )
        for kind, changes in groupby(held, key=lambda change: change.kind)
    ]


def _growth(connection: psycopg.Connection, integration: Integration, now: datetime) -> list[Cause]:
    before, after = queue_sizes(connection, integration.id, (now - _WEEK, now))
    if not before.has_captures:
        return []
    found = []
    if _grows(before.conflicts, after.conflicts):
        found.append(
            Cause(
                CauseKind.CONFLICTS_GROW,
                "conflicts",
                f"{after.conflicts:,} conflicts of {integration.name!r} are open; a week ago there were "
                f"{before.conflicts:,}.",
                "Decide on them, many at once where they are alike: `moss-jamf conflicts list --grouped`.",
                page="conflicts",
            )
        )
    if _grows(before.quarantined, after.quarantined):
        found.append(
            Cause(
                CauseKind.QUARANTINE_GROWS,
                "quarantine",
                f"{after.records:,} of JAMF's records and {after.fields:,} fields of {integration.name!r} cannot be "
                f"used; a week ago there were {before.records:,} and {before.fields:,}.",
                "Correct them in JAMF: `moss-jamf quarantine list` says what is wrong with each.",
                page="quarantine",
            )
        )
    return found


def _grows(before: int, after: int) -> bool:
    return after - before >= max(_GROWS_BY, _GROWS_BY_SHARE * before)


def _at(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def as_rows(causes: tuple[Cause, ...], usual: timedelta) -> list[Row]:
    """Causes as `alerts/note_causes` takes them.

    Args:
        causes: which.
        usual: after which people are told again of what lasts.
    """
    return [
        {
            "kind": cause.kind.value,
            "cause": cause.cause,
            "summary": cause.summary,
            "remedy": cause.remedy,
            "page": cause.page,
            "run_id": cause.run_id,
            "hours": (cause.told_again_after or usual).total_seconds() / 3_600,
        }
        for cause in causes
    ]
