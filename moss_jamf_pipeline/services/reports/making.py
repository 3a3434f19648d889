"""Making a report: what needs somebody first, then the sections; and keeping one that was made."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.moss.capture.captures import newest_captures
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import fetch_all, fetch_one, fetch_value
from moss_jamf_pipeline.services.causes import Cause, CauseKind, causes_of, queue_sizes
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.reports.contents import Attention, Figure, Report
from moss_jamf_pipeline.services.reports.sections import Sources, sections_of
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

_QUIET_DAYS: Final = 90
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report that is kept.

    Attributes:
        report_id: its number.
        is_weekly: whether it is about a week.
        made_at: when it was made.
        since: from when on it tells what changed.
        summary: all of it in a sentence or two.
    """

    report_id: int
    is_weekly: bool
    made_at: datetime
    since: datetime
    summary: str


def make_report(
    connection: psycopg.Connection,
    integration: Integration,
    settings: Settings,
    now: datetime,
    *,
    is_weekly: bool = False,
) -> Report:
    """A report of how an integration stands now.

    Args:
        connection: under the reading role.
        integration: whose.
        settings: the environment.
        now: aware.
        is_weekly: whether it tells what changed in the last seven days, and not only in the last; and how things went
            over four weeks, and not two.
    """
    since = now - (7 * _DAY if is_weekly else _DAY)
    sources = Sources(connection, integration, since, 28 if is_weekly else 14, now)
    causes = causes_of(connection, integration, settings, now)
    return Report(
        integration.name,
        is_weekly,
        since,
        now,
        figures=tuple(_figures(sources)),
        attention=(
            *(_urgent(cause) for cause in causes),
            *_less_urgent(sources, {cause.kind for cause in causes}),
        ),
        sections=sections_of(sources),
    )


def report_of(
    workplace: Workplace, choice: IntegrationChoice, now: datetime, *, is_weekly: bool = False
) -> Report:
    """The same for a door; nothing is kept."""
    with workplace.reading(choice) as (connection, integration):
        return make_report(connection, integration, workplace.settings, now, is_weekly=is_weekly)


def _figures(sources: Sources) -> Iterator[Figure]:
    integration = sources.integration
    computers = newest_captures(sources.connection, integration.id, with_targeted=False).get(
        CollectionName.COMPUTERS
    )
    linked = {row["object_type"]: row for row in sources.rows("reports/linked_objects")}
    (waiting,) = queue_sizes(sources.connection, integration.id, (sources.now,))
    yield Figure("Macs in JAMF", None if computers is None else computers.captured, "macs")
    for object_type, label in (("device", "devices linked"), ("person", "people linked")):
        row = linked.get(object_type)
        yield Figure(label, row["linked"] if row else 0, f"linked_{object_type}s")
    gone = linked.get("device")
    yield Figure("unenrolled", gone["gone"] if gone else 0, "unenrolled")
    yield Figure("open conflicts", waiting.conflicts, "open_conflicts")
    yield Figure("in quarantine", waiting.quarantined, "quarantined")


def _urgent(cause: Cause) -> Attention:
    text = f"{cause.summary} {cause.remedy}".strip()
    return Attention(cause.kind.heading, text, cause.page, is_urgent=True)


def _less_urgent(sources: Sources, told: set[CauseKind]) -> Iterator[Attention]:
    """What nobody is told of at once."""
    conflicts = sources.rows("reports/open_conflicts", since=sources.since)
    if conflicts and CauseKind.CONFLICTS_GROW not in told:
        number = sum(row["conflicts"] for row in conflicts)
        oldest = min(row["oldest"] for row in conflicts)
        yield Attention(
            "Conflicts wait for a decision",
            f"{number:,} {'is' if number == 1 else 'are'} open, the oldest since {oldest:%-d %b %Y}. Those that are "
            "alike can be decided as one.",
            "conflicts",
            is_urgent=False,
        )
    quiet = _quiet(sources)
    if quiet:
        yield Attention(
            "Macs that JAMF has not heard of",
            f"{quiet:,} {'has' if quiet == 1 else 'have'} not been in contact with JAMF for {_QUIET_DAYS} days: in a "
            "drawer, lost, or without a management profile that works.",
            None,
            is_urgent=False,
        )
    (waiting,) = queue_sizes(sources.connection, sources.integration.id, (sources.now,))
    if waiting.records and CauseKind.QUARANTINE_GROWS not in told:
        yield Attention(
            "Records that cannot be used",
            f"{waiting.records:,} of JAMF's {'is' if waiting.records == 1 else 'are'} in quarantine, and so not in "
            "M.O.S.S. Correct them in JAMF.",
            "quarantine",
            is_urgent=False,
        )


def _quiet(sources: Sources) -> int:
    capture = newest_captures(sources.connection, sources.integration.id).get(
        CollectionName.COMPUTERS
    )
    if capture is None:
        return 0
    rows = sources.rows(
        "staging/quiet_computers",
        capture_id=capture.capture_id,
        quiet_days=_QUIET_DAYS,
        row_limit=1,
    )
    return rows[0]["total"] if rows else 0


def keep(
    connection: psycopg.Connection,
    integration: Integration,
    report: Report,
    page: str,
    run_id: str | None,
) -> int:
    """Keeps a report, and yields its number.

    Args:
        connection: under the reading role, in autocommit mode.
        integration: whose.
        report: what it says.
        page: the same as HTML.
        run_id: the Dagster run that made it.
    """
    return int(
        fetch_value(
            connection,
            "reports/keep_report",
            {
                "integration_id": integration.id,
                "is_weekly": report.is_weekly,
                "made_at": report.made_at,
                "since": report.since,
                "run_id": run_id,
                "summary": report.summary,
                "page": gzip.compress(page.encode(), mtime=0),
            },
        )
    )


_FIRST_PAGE: Final = PageRequest(limit=20)


def list_kept(
    workplace: Workplace, choice: IntegrationChoice, page: PageRequest = _FIRST_PAGE
) -> Page[KeptReport]:
    """The reports that are kept, the newest first."""
    with workplace.reading(choice) as (connection, integration):
        return page_of(
            lambda wanted: fetch_all(
                connection,
                "reports/kept_reports",
                {
                    "integration_id": integration.id,
                    "row_limit": wanted.limit,
                    "row_offset": wanted.offset,
                },
            ),
            page,
            lambda row: record(KeptReport, row),
        )


def kept_page(
    workplace: Workplace, choice: IntegrationChoice, report_id: int | None = None
) -> bytes:
    """A report that is kept, as HTML.

    Args:
        workplace: where.
        choice: which integration.
        report_id: its number; None: the newest.

    Raises:
        NothingCaptured: there is none.
    """
    with workplace.reading(choice) as (connection, integration):
        row = fetch_one(
            connection,
            "reports/kept_report",
            {"integration_id": integration.id, "report_id": report_id},
        )
    if row is None:
        which = "report yet" if report_id is None else f"report {report_id}"
        raise NothingCaptured(
            f"There is no {which}.",
            "One is made after each full sync, and weekly; `moss-jamf report` makes one that is not kept.",
        )
    return gzip.decompress(row["page"])


def newest_ended_sync(
    connection: psycopg.Connection, integration: Integration
) -> tuple[str, datetime] | None:
    """The run of the newest full sync that ended, well or in part, and when; None: there is none."""
    row = fetch_one(connection, "reports/newest_ended_sync", {"integration_id": integration.id})
    return None if row is None else (row["run_id"], row["ended_at"])
