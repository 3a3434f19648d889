"""When a capture of the computers may be incremental, and when it has to be a full sweep.

An incremental capture lists every computer and reads whole those that changed by the listing. What moves nothing there
is seen by full sweeps only: when one is due is all that is decided here. How a capture is made is `engine.extraction`.
The same counts for users, where a JAMF Pro is so old that each costs a request.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from uuid import UUID

import psycopg

from moss_jamf_pipeline.moss.statements import fetch_one

SweepKind: TypeAlias = Literal["full", "incremental", "targeted"]
SweepMode: TypeAlias = Literal["auto", "full", "incremental"]

FULL: Final = "full"
INCREMENTAL: Final = "incremental"
TARGETED: Final = "targeted"
"""A capture of some records by their ids: all others of it are as the capture before has them."""

UNSEEN: Final = "assigned user, building, department, room, membership of static groups, and hardware edited by hand"
"""What changes in JAMF without a trace in a listing: it comes with a full sweep, or with the Mac's next report."""

_EARLY_HOURS = 0.5
"""Schedules tick a little early or late: what is due within this is due, or each cycle would be a tick longer."""

_SECONDS_THAT_MATTER = 10.0
"""By so much an incremental capture may be slower than a full sweep before it is given up: fewer are chance."""


@dataclass(frozen=True, slots=True)
class SweepStanding:
    """What the stored captures of computers say.

    Attributes:
        newest_is_complete: whether the newest capture proves absence.
        full_age_hours: since the newest complete full sweep began; None if there is none.
        endpoint: where that was read.
        server_version: which JAMF Pro it was.
        document_shape: the form of the documents it made.
        full_seconds: what reading it took.
        incremental_seconds: what the newest incremental capture of the last week took; None if there is none.
    """

    newest_is_complete: bool
    full_age_hours: float | None = None
    endpoint: str | None = None
    server_version: str | None = None
    document_shape: str | None = None
    full_seconds: float | None = None
    incremental_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SweepChoice:
    """How computers are captured.

    Attributes:
        kind: `full` or `incremental`.
        reason: why, as a sentence.
    """

    kind: SweepKind
    reason: str


def sweep_standing(
    connection: psycopg.Connection, integration_id: UUID, collection: str = "computers"
) -> SweepStanding | None:
    """What the stored captures of an integration's collection say; None before the first."""
    row = fetch_one(
        connection,
        "capture/sweep_standing",
        {"integration_id": integration_id, "collection": collection},
    )
    return None if row is None else SweepStanding(**row)


def asked_sweep(mode: SweepMode, trigger: str) -> SweepChoice:
    """What a run asks for.

    Whoever starts a sync by hand expects to see what was just edited in JAMF: only the schedule does without.

    Args:
        mode: as the run is configured.
        trigger: who or what started it (`assets.triggers.trigger_of`).
    """
    if mode == "auto":
        if trigger == "schedule":
            return SweepChoice(INCREMENTAL, "The schedule started it.")
        return SweepChoice(FULL, f"Not the schedule started it, but: {trigger}.")
    return SweepChoice(mode, f"The run is configured so (sweep: {mode}).")


def asked_reading_of_users(mode: SweepMode) -> SweepChoice:
    """What a run asks for of users that cost a request each: all anew only if it is configured so.

    Args:
        mode: as the run is configured.
    """
    if mode == FULL:
        return SweepChoice(FULL, f"The run is configured so (sweep: {mode}).")
    return SweepChoice(INCREMENTAL, "Each user costs a request.")


def possible_sweep(
    standing: SweepStanding | None,
    *,
    full_sweep_hours: float,
    is_scoped: bool,
    document_shape: str,
    server_version: str | None = None,
) -> SweepChoice:
    """An incremental capture if there may be one now, else a full sweep.

    Args:
        standing: what the stored captures say.
        full_sweep_hours: how old the newest full sweep may be (`sync_settings.full_sweep_hours`); 0: each is one.
        is_scoped: whether the sync is confined to groups of JAMF.
        document_shape: the form of documents made now.
        server_version: which JAMF Pro it is now; None: not asked yet, and not compared.
    """
    obstacle = (
        _policy(full_sweep_hours, is_scoped=is_scoped)
        or _difference(standing, document_shape, server_version)
        or _cost(standing)
    )
    if obstacle is not None or standing is None or standing.full_age_hours is None:
        return SweepChoice(FULL, obstacle or "There is no complete full sweep yet.")
    early = min(_EARLY_HOURS, full_sweep_hours / 2)
    is_due = standing.full_age_hours >= full_sweep_hours - early
    return SweepChoice(
        FULL if is_due else INCREMENTAL,
        f"The newest full sweep began {standing.full_age_hours:.1f} hours before; one is due every "
        f"{full_sweep_hours:g} (sync_settings.full_sweep_hours).",
    )


def _policy(full_sweep_hours: float, *, is_scoped: bool) -> str | None:
    """Why every capture of an integration is a full sweep; None if not."""
    if full_sweep_hours <= 0:
        return "Every capture is a full sweep (sync_settings.full_sweep_hours is 0)."
    if is_scoped:
        return (
            "Every capture is a full sweep: the sync is confined to groups of JAMF, and who is in a smart group "
            "changes without a date."
        )
    return None


def _difference(
    standing: SweepStanding | None, document_shape: str, server_version: str | None
) -> str | None:
    """Why what is stored is nothing to compare a listing with; None if it is, or if there is nothing at all."""
    if standing is None or standing.full_age_hours is None:
        return None
    if not standing.newest_is_complete:
        return "The capture before was incomplete."
    if standing.document_shape != document_shape:
        return "Of a record other fields are kept than at the newest full sweep."
    if server_version is not None and standing.server_version != server_version:
        return f"JAMF Pro is {server_version}, and was {standing.server_version} at the newest full sweep."
    return None


def _cost(standing: SweepStanding | None) -> str | None:
    """Why an incremental capture would save nothing; None if it would, or if none was tried lately.

    A server that needs its time for each record of a listing, whatever is asked of it, lists a fleet as slowly as it
    serves it whole.
    """
    if standing is None or standing.full_seconds is None or standing.incremental_seconds is None:
        return None
    if standing.incremental_seconds <= standing.full_seconds + _SECONDS_THAT_MATTER:
        return None
    return (
        f"The last incremental capture took {standing.incremental_seconds:.0f} seconds, and a full sweep "
        f"{standing.full_seconds:.0f}."
    )
