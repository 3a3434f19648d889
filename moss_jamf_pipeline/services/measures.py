"""What can be measured of an integration, for whoever watches it by numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from moss_jamf_pipeline.moss.plan.conflicts import open_conflicts_by_kind
from moss_jamf_pipeline.moss.plan.guard import held_changes
from moss_jamf_pipeline.moss.statements import fetch_all, fetch_one
from moss_jamf_pipeline.services.credentials_expiry import end_of_credentials
from moss_jamf_pipeline.services.pages import record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice


@dataclass(frozen=True, slots=True)
class RunsMeasured:
    """Runs of one type that ended alike, or have not ended, in M.O.S.S.'s history.

    Attributes:
        sync_type: e.g. `full`.
        status: `in_progress`, `success`, `partial` or `failed`.
        runs: how many.
        created: objects that they created.
        updated: objects that they updated.
        skipped: objects that they left out, held or found in conflict.
        failed: objects that failed.
        last_ended_at: when the last one ended, seconds since 1970; None: none has.
    """

    sync_type: str
    status: str
    runs: int
    created: int
    updated: int
    skipped: int
    failed: int
    last_ended_at: float | None


@dataclass(frozen=True, slots=True)
class CaptureMeasured:
    """The newest capture of a collection.

    Attributes:
        collection: of which.
        sweep: how it was read.
        captured_at: when it was.
        captured_count: records that it brought.
        rejected_count: of these, those that could not be used.
        requests: that JAMF was asked.
        bytes_received: from JAMF.
        seconds: that it took.
        is_complete: whether everything was read.
    """

    collection: str
    sweep: str | None
    captured_at: datetime
    captured_count: int | None
    rejected_count: int | None
    requests: int | None
    bytes_received: int | None
    seconds: float
    is_complete: bool


@dataclass(frozen=True, slots=True)
class OutcomeMeasured:
    """Rows of the newest plan that came to the same.

    Attributes:
        object_type: e.g. `device`.
        action: e.g. `update`.
        outcome: e.g. `applied`, `held`, `waiting`.
        rows: how many.
    """

    object_type: str
    action: str
    outcome: str
    rows: int


@dataclass(frozen=True, slots=True)
class Measures:
    """An integration in numbers.

    Attributes:
        integration: its name.
        is_enabled: whether it may be synced.
        runs: by type and status.
        captures: the newest of each collection.
        outcomes: of the newest plan.
        held: kind of change to how many wait for an approval.
        open_conflicts: kind to how many wait for a person.
        credentials_end_on: the day on which those for JAMF end; None: it is not known, or they do not.
    """

    integration: str
    is_enabled: bool
    runs: tuple[RunsMeasured, ...]
    captures: tuple[CaptureMeasured, ...]
    outcomes: tuple[OutcomeMeasured, ...]
    held: Mapping[str, int]
    open_conflicts: Mapping[str, int]
    credentials_end_on: date | None


def measure(workplace: Workplace, choice: IntegrationChoice) -> Measures:
    """An integration in numbers, as it is now."""
    with workplace.reading(choice) as (connection, integration):
        whose = {"integration_id": integration.id}
        newest = fetch_one(connection, "plan/newest_plan", whose)
        held = () if newest is None else held_changes(connection, newest["plan_id"])
        waiting: dict[str, int] = {}
        for change in held:
            waiting[change.kind.value] = waiting.get(change.kind.value, 0) + change.planned
        return Measures(
            integration=integration.name,
            is_enabled=integration.is_enabled,
            runs=tuple(
                record(RunsMeasured, row)
                for row in fetch_all(connection, "measures/runs_by_status", whose)
            ),
            captures=tuple(
                record(CaptureMeasured, row)
                for row in fetch_all(connection, "measures/newest_captures_measured", whose)
            ),
            outcomes=tuple(
                record(OutcomeMeasured, row)
                for row in fetch_all(connection, "measures/outcomes_of_newest_plan", whose)
            ),
            held=waiting,
            open_conflicts=open_conflicts_by_kind(connection, integration.id),
            credentials_end_on=end_of_credentials(connection, workplace.settings, integration),
        )
