"""What sections of a report are made of: bars, lines over time, columns by day, tables, runs."""

from dataclasses import dataclass
from datetime import datetime

from moss_jamf_pipeline.services.history import SyncRun


@dataclass(frozen=True, slots=True)
class Bar:
    """One of several numbers to be compared.

    Attributes:
        label: of what.
        count: how many.
    """

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Numbers to be compared, which together are a whole.

    Attributes:
        title: what they are.
        bars: in the order in which they are shown.
        total: of all.
    """

    title: str
    bars: tuple[Bar, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Point:
    """A number at a time."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Lines:
    """Numbers over time.

    Attributes:
        title: what they are.
        lines: each with its name; the points of all are at the same times.
    """

    title: str
    lines: tuple[tuple[str, tuple[Point, ...]], ...]


@dataclass(frozen=True, slots=True)
class DayOfChanges:
    """What syncs wrote on a day.

    Attributes:
        day: when it began, UTC.
        created: objects that were created.
        updated: all other changes.
    """

    day: datetime
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class Columns:
    """What syncs wrote, day by day, without gaps."""

    title: str
    days: tuple[DayOfChanges, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        title: what it lists.
        columns: headings.
        rows: a value for each; None is not known.
        total: how many rows there are in all, however many are here.
        page: the companion's page with all of it, below `/jamf/`.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    total: int
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs that were to write M.O.S.S., newest first."""

    title: str
    runs: tuple[SyncRun, ...]


Block = Bars | Lines | Columns | Grid | Runs


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a report.

    Attributes:
        name: for links to it.
        heading: for people.
        sentence: what there is to say of it first; may be empty.
        blocks: what it shows.
    """

    name: str
    heading: str
    sentence: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that needs somebody.

    Attributes:
        heading: what it is, in a few words.
        text: what happened and what to do.
        page: the companion's page of it, below `/jamf/`; None: its dashboard.
        is_urgent: whether people are told of it at once (an alert), and not only here.
    """

    heading: str
    text: str
    page: str | None
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands at the top.

    Attributes:
        label: of what.
        count: how many; None: not known.
        name: for programs.
    """

    label: str
    count: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report.

    Attributes:
        integration: whose.
        is_weekly: whether it is about a week, or about a day.
        since: from when on it tells what changed.
        made_at: when it was made.
        figures: the numbers at the top.
        attention: what needs somebody, the most urgent first.
        sections: the rest.
    """

    integration: str
    is_weekly: bool
    since: datetime
    made_at: datetime
    figures: tuple[Figure, ...]
    attention: tuple[Attention, ...]
    sections: tuple[Section, ...]

    @property
    def summary(self) -> str:
        """All of it in a sentence or two."""
        known = [f"{figure.count:,} {figure.label}" for figure in self.figures if figure.count]
        first = (
            "Nothing needs anybody."
            if not self.attention
            else "What needs somebody: " + f"{'; '.join(each.heading for each in self.attention)}."
        )
        return f"{first} {', '.join(known) or 'Nothing was captured yet'}."
