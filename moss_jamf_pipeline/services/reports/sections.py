"""The sections of a report, each declared once in `SECTIONS`: what it is called, and what reads it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import psycopg

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.catalogue.conflict_kinds import conflict_kind_named
from moss_jamf_pipeline.catalogue.object_types import plural_of
from moss_jamf_pipeline.catalogue.outcomes import Action
from moss_jamf_pipeline.catalogue.rules import field_words
from moss_jamf_pipeline.moss.capture.attributes import (
    attribute_labels,
    known_attributes,
    mapping_of,
)
from moss_jamf_pipeline.moss.capture.captures import newest_captures
from moss_jamf_pipeline.moss.integration.history import recent_history
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import Row, fetch_all
from moss_jamf_pipeline.services.causes import QueueSizes, queue_sizes
from moss_jamf_pipeline.services.history import SyncRun
from moss_jamf_pipeline.services.pages import record
from moss_jamf_pipeline.services.quarantine import reasons_of
from moss_jamf_pipeline.services.reports.contents import (
    Bar,
    Bars,
    Block,
    Columns,
    DayOfChanges,
    Grid,
    Lines,
    Point,
    Runs,
    Section,
)

_MOST_BARS: Final = 10
_MOST_ROWS: Final = 20
_MOST_RUNS: Final = 28
_UNKNOWN: Final = "not known"
_ENROLLED: Final = (
    *("less than a month", "1 to 3 months", "3 months to a year", "1 to 2 years"),
    *("2 to 4 years", "more than 4 years"),
)
_SEEN: Final = ("today", "this week", "this month", "1 to 3 months ago", "more than 3 months ago")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sources:
    """What sections read from.

    Attributes:
        connection: under the reading role.
        integration: whose report it is.
        since: from when on it tells what changed.
        trend_days: over how many days it shows how things went.
        now: when it is made.
    """

    connection: psycopg.Connection
    integration: Integration
    since: datetime
    trend_days: int
    now: datetime

    def rows(self, statement: str, **parameters: Any) -> list[Row]:
        """The rows of a statement about the integration."""
        given = {"integration_id": self.integration.id, **parameters}
        return fetch_all(self.connection, statement, given)

    @property
    def days(self) -> tuple[datetime, ...]:
        """When each day of the trend began, UTC, the first first; today is the last."""
        today = self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return tuple(today - _DAY * back for back in reversed(range(self.trend_days)))


class Contents(NamedTuple):
    """What a section has to say.

    Attributes:
        sentence: first.
        blocks: then.
    """

    sentence: str
    blocks: tuple[Block, ...]


class SectionKind(NamedTuple):
    """A section that reports have.

    Attributes:
        name: for links to it.
        heading: for people.
        read: what it has to say; None: nothing, and it is left out.
    """

    name: str
    heading: str
    read: Callable[[Sources], Contents | None]


def _fleet(sources: Sources) -> Contents | None:
    capture = newest_captures(sources.connection, sources.integration.id).get(
        CollectionName.COMPUTERS
    )
    if capture is None:
        return None
    rows = sources.rows("reports/fleet", capture_id=capture.capture_id, now=sources.now)
    total = next((row["computers"] for row in rows if row["dimension"] == "all"), 0)
    if not total:
        return None
    by_system = Counter[str]()
    by_version = Counter[str]()
    for row in (row for row in rows if row["dimension"] == "system"):
        name, version = row["system"] or "macOS", row["os_version"]
        by_system[_UNKNOWN if version is None else f"{name} {_major(version)}"] += row["computers"]
        by_version[_UNKNOWN if version is None else f"{name} {version}"] += row["computers"]
    models = {
        row["model"] or _UNKNOWN: row["computers"] for row in rows if row["dimension"] == "model"
    }
    return Contents(
        f"{total:,} Macs of the newest capture can be used.",
        (
            _bars("Systems", _newest_first(by_system), total),
            _bars("Versions, the commonest", by_version.most_common(), total),
            _bars("Models, the commonest", models.items(), total),
            Bars("Enrolled since", _aged(rows, "enrolment", _ENROLLED), total),
            Bars("Last contact", _aged(rows, "contact", _SEEN), total),
        ),
    )


def _major(version: str) -> str:
    """MacOS 10 was seventeen systems, told apart by what follows."""
    first, _, rest = version.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first == "10" else first


def _newest_first(counted: Counter[str]) -> list[tuple[str, int]]:
    def version(name: str) -> tuple[float, str]:
        digits = re.search(r"(\d{1,9}(\.\d{1,3})?)$", name)
        return (-float(digits[1]) if digits else 0, name)

    return sorted(counted.items(), key=lambda item: version(item[0]))


def _bars(title: str, counted: Iterable[tuple[str, int]], total: int) -> Bars:
    found = list(counted)
    shown = found[:_MOST_BARS] if len(found) > _MOST_BARS + 1 else found
    bars = [Bar(label, count) for label, count in shown]
    rest = found[len(shown) :]
    if rest:
        bars.append(Bar(f"{len(rest):,} others", sum(count for _, count in rest)))
    return Bars(title, tuple(bars), total)


def _aged(rows: Sequence[Row], dimension: str, labels: Sequence[str]) -> tuple[Bar, ...]:
    counted = {row[dimension]: row["computers"] for row in rows if row["dimension"] == dimension}
    bars = [Bar(label, counted.get(place, 0)) for place, label in enumerate(labels)]
    return (*bars, *([Bar(_UNKNOWN, counted[None])] if None in counted else []))


def _changes(sources: Sources) -> Contents | None:
    days = sources.days
    rows = sources.rows("reports/changes_by_day", since=min(days[0], sources.since))
    runs = tuple(
        record(SyncRun, row)
        for row in recent_history(sources.connection, sources.integration.id, limit=_MOST_RUNS)
    )
    if not rows and not runs:
        return None
    sizes = sources.rows("reports/fleet_sizes", since=days[0])
    recent = [row for row in rows if row["day"] >= _day_of(sources.since)]
    written = sum(row["rows"] for row in recent)
    blocks: list[Block] = [
        Columns("What syncs wrote, day by day", _by_day(rows, days)),
        _by_type(recent),
        _fields(sources),
        Runs("The latest runs", runs),
    ]
    if len(sizes) > 1:
        points = tuple(Point(row["day"], row["computers"]) for row in sizes)
        blocks.insert(1, Lines("Macs that JAMF has", (("Macs", points),)))
    return Contents(
        f"{written:,} changes were written since {_day_of(sources.since):%-d %b %Y}.",
        tuple(block for block in blocks if not _is_empty(block)),
    )


def _is_empty(block: Block) -> bool:
    match block:
        case Grid():
            return not block.rows
        case Columns():
            return not any(day.created or day.updated for day in block.days)
        case Runs():
            return not block.runs
        case _:
            return False


def _day_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _by_day(rows: Iterable[Row], days: Sequence[datetime]) -> tuple[DayOfChanges, ...]:
    created, updated = Counter[datetime](), Counter[datetime]()
    for row in rows:
        counted = created if row["action"] == Action.CREATE else updated
        counted[row["day"]] += row["rows"]
    return tuple(DayOfChanges(day, created[day], updated[day]) for day in days)


def _by_type(rows: Iterable[Row]) -> Grid:
    counted = Counter[tuple[str, str]]()
    for row in rows:
        counted[row["object_type"], row["action"]] += row["rows"]
    lines = tuple(
        (_objects(object_type), action.replace("_", " "), number)
        for (object_type, action), number in counted.most_common(_MOST_ROWS)
    )
    return Grid("By kind of object", ("objects", "what", "how many"), lines, len(counted), "plans")


def _fields(sources: Sources) -> Grid:
    rows = sources.rows("reports/changed_fields", since=sources.since, row_limit=_MOST_BARS)
    labels = attribute_labels(sources.connection, sources.integration)
    lines = tuple(
        (
            _objects(row["object_type"]),
            labels.get(row["field"]) or field_words(row["field"]),
            row["changes"],
        )
        for row in rows
    )
    return Grid(
        "Fields that changed most", ("objects", "field", "how often"), lines, len(lines), "plans"
    )


def _objects(object_type: str) -> str:
    try:
        return plural_of(object_type)
    except KeyError:
        return object_type.replace("_", " ")


def _backlog(sources: Sources) -> Contents | None:
    days = sources.days
    moments = (*(day + _DAY for day in days[:-1]), sources.now)
    sizes = queue_sizes(sources.connection, sources.integration.id, moments)
    conflicts = sources.rows("reports/open_conflicts", since=sources.since)
    reasons = reasons_of(sources.connection, sources.integration)
    now = sizes[-1]
    if not any(size.conflicts or size.quarantined for size in sizes):
        return None
    lines: list[tuple[str, tuple[Point, ...]]] = [
        ("open conflicts", _points(sizes, lambda size: size.conflicts)),
        ("records and fields in quarantine", _points(sizes, lambda size: size.quarantined)),
    ]
    grids = (
        Grid(
            "Open conflicts",
            ("kind", "how many", "new", "oldest since"),
            tuple(
                (
                    conflict_kind_named(row["kind"]).title,
                    row["conflicts"],
                    row["new"],
                    row["oldest"].date(),
                )
                for row in conflicts
            ),
            len(conflicts),
            "conflicts",
        ),
        Grid(
            "Quarantine",
            ("collection", "left out", "how many", "why, of one of them"),
            tuple(
                (
                    reason.collection.replace("_", " "),
                    "the record"
                    if reason.is_whole_record
                    else f"the field {field_words(reason.field or '')}",
                    reason.objects,
                    reason.detail,
                )
                for reason in reasons[:_MOST_ROWS]
            ),
            len(reasons),
            "quarantine",
        ),
    )
    return Contents(
        f"{now.conflicts:,} conflicts wait for a decision; {now.records:,} records and {now.fields:,} fields of JAMF's "
        "cannot be used.",
        (Lines("How much waited", tuple(lines)), *(grid for grid in grids if grid.rows)),
    )


def _points(sizes: Iterable[QueueSizes], count: Callable[[QueueSizes], int]) -> tuple[Point, ...]:
    return tuple(Point(size.moment, count(size)) for size in sizes)


def _decisions(sources: Sources) -> Contents | None:
    limits = {"since": sources.since, "row_limit": _MOST_ROWS}
    approvals = sources.rows("reports/approvals", **limits)
    decisions = sources.rows("reports/decisions", **limits)
    reverts = sources.rows("reports/reverts", **limits)
    if not (approvals or decisions or reverts):
        return None
    grids = (
        Grid(
            "Let through",
            ("who", "when", "plan", "kind", "changes", "why"),
            tuple(
                (
                    row["approved_by"],
                    row["approved_at"],
                    row["plan_id"],
                    row["kind"],
                    row["released"],
                    row["reason"],
                )
                for row in approvals
            ),
            approvals[0]["total"] if approvals else 0,
            "plans",
        ),
        Grid(
            "Decided on conflicts",
            ("who", "last", "decision", "kind", "conflicts"),
            tuple(
                (
                    row["resolved_by"],
                    row["decided_at"],
                    row["resolution"].replace("_", " "),
                    conflict_kind_named(row["kind"]).title,
                    row["conflicts"],
                )
                for row in decisions
            ),
            decisions[0]["total"] if decisions else 0,
            "conflicts",
        ),
        Grid(
            "Undone",
            ("who", "when", "as plan"),
            tuple((row["triggered_by"], row["created_at"], row["plan_id"]) for row in reverts),
            reverts[0]["total"] if reverts else 0,
            "plans",
        ),
    )
    return Contents("", tuple(grid for grid in grids if grid.rows))


def _attributes(sources: Sources) -> Contents | None:
    """The extension attributes that are mapped, and which of them are not compared; nothing while they are off."""
    if not sources.integration.settings.reads_attributes:
        return None
    known = known_attributes(sources.connection, sources.integration.id)
    said = mapping_of(sources.integration.settings, known)
    mapped = [each for each in known if each.is_mapped and each.definition_id in said]
    if not mapped:
        return None
    lines = tuple(
        (
            each.label,
            each.field_type,
            each.devices_with_value,
            each.unreadable_devices or 0,
            each.why_not_compared(said[each.definition_id]) or "compared",
        )
        for each in mapped
    )
    still = sum(each.why_not_compared(said[each.definition_id]) is not None for each in mapped)
    return Contents(
        f"Of {len(known):,} extension attributes of JAMF, {len(mapped):,} are custom fields of devices; {still:,} of "
        "these are not compared.",
        (
            Grid(
                "Mapped attributes",
                ("custom field", "type", "devices with a value", "of another type", "compared"),
                lines[:_MOST_ROWS],
                len(lines),
                "configuration",
            ),
        ),
    )


SECTIONS: Final = (
    SectionKind("fleet", "The fleet", _fleet),
    SectionKind("changes", "What changed", _changes),
    SectionKind("backlog", "What waits", _backlog),
    SectionKind("decisions", "What people decided", _decisions),
    SectionKind("attributes", "Extension attributes", _attributes),
)
"""In the order in which they stand. What JAMF knows besides gets a section by a line here."""


def sections_of(sources: Sources) -> tuple[Section, ...]:
    """The sections that have something to say."""
    found = ((kind, kind.read(sources)) for kind in SECTIONS)
    return tuple(
        Section(kind.name, kind.heading, contents.sentence, contents.blocks)
        for kind, contents in found
        if contents is not None
    )
