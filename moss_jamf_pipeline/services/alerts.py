"""Alerts: which causes people are to be told of, and by which way they were: once each, again while they last, at last.

What is told is kept in M.O.S.S.'s database, so that any number of processes may look and each tells what no other does.
How it is told is no business of this module.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import Row, execute, fetch_all
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.causes import (
    HISTORY_TYPES,
    Cause,
    CauseKind,
    as_rows,
    causes_of,
)
from moss_jamf_pipeline.services.pages import record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

ChannelName = Literal["webhook", "mail"]
"""The ways by which people are told."""

_PATIENCE: Final = timedelta(minutes=5)
"""Whoever claims to tell something has this long; then another does."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A cause that people are told of.

    Attributes:
        alert_id: its number.
        kind: what it is.
        cause: which of its kind.
        summary: what happened, as it was last seen.
        remedy: what to do; may be empty.
        page: the companion's page of it, below `/jamf/`; None: its dashboard.
        run_id: the Dagster run that shows it.
        opened_at: when it was first seen.
        seen_at: when last.
        ended_at: when it was over; None: it lasts.
        times_told: how often people were told before.
    """

    alert_id: int
    kind: CauseKind
    cause: str
    summary: str
    remedy: str
    page: str | None
    run_id: str | None
    opened_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    times_told: int


@dataclass(frozen=True, slots=True)
class ToldAlert(Alert):
    """The same, and how people know.

    Attributes:
        told_at: when they were told last; None: never.
        told_by: by which ways.
    """

    told_at: datetime | None
    told_by: tuple[str, ...]


def look(
    connection: psycopg.Connection,
    integration: Integration,
    settings: Settings,
    now: datetime,
    succeeded: Mapping[str, datetime] | None = None,
) -> tuple[Cause, ...]:
    """Looks for causes, and notes which there are and which are over.

    Args:
        connection: under the reading role, in autocommit mode.
        integration: as its row in M.O.S.S. is now.
        settings: the environment.
        now: aware.
        succeeded: jobs that the history of syncs does not have, and when each last succeeded.
    """
    found = causes_of(connection, integration, settings, now)
    common = {"integration_id": integration.id, "seen_at": now}
    ends = [{"cause": job, "at": at.isoformat()} for job, at in (succeeded or {}).items()]
    with connection.transaction():
        # First what is over: whatever has failed since then has done so anew.
        execute(
            connection,
            "alerts/end_failures",
            {**common, "sync_types": list(HISTORY_TYPES), "succeeded": Jsonb(ends)},
        )
        execute(
            connection,
            "alerts/end_causes",
            {
                **common,
                # A failure is over when a run succeeds, and not because its row is no more the newest.
                "kinds": [kind for kind in CauseKind if kind is not CauseKind.RUN_FAILED],
                "causes": Jsonb(as_rows(found, _usual(settings))),
            },
        )
        _note(connection, integration, settings, found, now)
    return found


def note(
    connection: psycopg.Connection,
    integration: Integration,
    settings: Settings,
    cause: Cause,
    now: datetime,
) -> None:
    """Notes a cause that somebody else has found; arguments as of `look`."""
    _note(connection, integration, settings, (cause,), now)


def _note(
    connection: psycopg.Connection,
    integration: Integration,
    settings: Settings,
    causes: tuple[Cause, ...],
    now: datetime,
) -> None:
    rows = [
        {**row, "summary": scrubbed(row["summary"])} for row in as_rows(causes, _usual(settings))
    ]
    execute(
        connection,
        "alerts/note_causes",
        {"integration_id": integration.id, "causes": Jsonb(rows), "seen_at": now},
    )


def open_failures(connection: psycopg.Connection, integration: Integration) -> Collection[str]:
    """The jobs that are known to have failed, and that the history of syncs does not have."""
    rows = fetch_all(
        connection,
        "alerts/open_failures",
        {"integration_id": integration.id, "sync_types": list(HISTORY_TYPES)},
    )
    return [row["cause"] for row in rows]


def claim(
    connection: psycopg.Connection, integration: Integration, channel: ChannelName, now: datetime
) -> tuple[Alert, ...]:
    """What people are to be told now by one way; whoever asks tells it, or says nothing and another does in a while.

    Args:
        connection: under the reading role, in autocommit mode.
        integration: whose.
        channel: by which way.
        now: aware.

    Returns:
        First what is there, then what is over.
    """
    parameters = {
        "integration_id": integration.id,
        "channel": channel,
        "now": now,
        "patience": _PATIENCE,
    }
    rows = [
        *fetch_all(connection, "alerts/claim_causes", parameters),
        *fetch_all(connection, "alerts/claim_ends", parameters),
    ]
    return tuple(_alert(row) for row in rows)


def told(connection: psycopg.Connection, alert: Alert, channel: ChannelName, now: datetime) -> None:
    """Notes that people were told."""
    execute(
        connection,
        "alerts/told",
        {
            "alert_id": alert.alert_id,
            "channel": channel,
            "now": now,
            "is_end": alert.ended_at is not None,
        },
    )


def recent(
    workplace: Workplace, choice: IntegrationChoice, limit: int = 20
) -> tuple[ToldAlert, ...]:
    """The causes that are there, then those that ended last."""
    with workplace.reading(choice) as (connection, integration):
        rows = fetch_all(
            connection,
            "alerts/recent_alerts",
            {"integration_id": integration.id, "row_limit": limit},
        )
    return tuple(record(ToldAlert, _typed(row)) for row in rows)


def _alert(row: Row) -> Alert:
    return record(Alert, _typed(row))


def _typed(row: Row) -> Row:
    return {**row, "kind": CauseKind(row["kind"])}


def _usual(settings: Settings) -> timedelta:
    return timedelta(hours=settings.alert_again_hours)
