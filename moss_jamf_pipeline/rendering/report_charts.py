"""The charts of a report: where lines and columns stand. The template draws them, as SVG, from these numbers."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from moss_jamf_pipeline.rendering.charts import Piece, Tick
from moss_jamf_pipeline.services.reports.contents import Columns, Lines

WIDTH: Final = 1100
HEIGHT: Final = 200
_LEFT, _RIGHT, _TOP, _BASE = 52, 12, 12, 170
_STEPS: Final = (1, 2, 5, 10)
_MOST_TICKS: Final = 4
_WIDEST: Final = 16.0
_GAP: Final = 2.0
_SMALLEST: Final = 1.5


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line of a chart.

    Attributes:
        name: of what.
        path: its points, as SVG has them.
        end: its last point.
        now: the number at that.
    """

    name: str
    path: str
    end: tuple[float, float]
    now: int


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over time; all ticks are at the left.

    Attributes:
        lines: each is told by its place in the list, in colour and in dashes.
        ticks: of the scale.
        first: the time at the left.
        last: the time at the right.
        summary: all of it in words.
    """

    lines: tuple[DrawnLine, ...]
    ticks: tuple[Tick, ...]
    first: datetime
    last: datetime
    summary: str
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class DrawnDay:
    """A day of a column chart."""

    day: datetime
    created: Piece | None
    updated: Piece | None


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """What was written day by day, on a scale that grows tenfold from line to line.

    Attributes:
        days: the first day first.
        ticks: of the scale.
        summary: all of it in words.
    """

    days: tuple[DrawnDay, ...]
    ticks: tuple[Tick, ...]
    summary: str
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    width: int = WIDTH
    height: int = HEIGHT


def line_chart(drawn: Lines) -> LineChart:
    """The chart of numbers over time."""
    points = [point for _, line in drawn.lines for point in line]
    least, most = min(point.count for point in points), max(point.count for point in points)
    low, high, step = _scale(least, most)
    begin, end = points[0].at, points[-1].at
    span = (end - begin).total_seconds() or 1.0

    def place(at: datetime, count: int) -> tuple[float, float]:
        across = (at - begin).total_seconds() / span
        up = (count - low) / (high - low)
        return (
            round(_LEFT + across * (WIDTH - _LEFT - _RIGHT), 1),
            round(_BASE - up * (_BASE - _TOP), 1),
        )

    lines = []
    for name, line in drawn.lines:
        places = [place(point.at, point.count) for point in line]
        path = " ".join(f"{'L' if number else 'M'}{x} {y}" for number, (x, y) in enumerate(places))
        lines.append(DrawnLine(name, path, places[-1], line[-1].count))
    ticks = tuple(
        Tick(place(begin, value)[1], f"{value:,}") for value in range(low, high + 1, step)
    )
    told = "; ".join(
        f"{name}: {line[0].count:,} at first, {line[-1].count:,} now" for name, line in drawn.lines
    )
    return LineChart(tuple(lines), ticks, begin, end, f"{told}.")


def column_chart(drawn: Columns) -> ColumnChart:
    """The chart of what was written day by day."""
    most = max(max(day.created, day.updated) for day in drawn.days)
    decades = max(1, math.ceil(math.log10(most + 1)))
    step = (WIDTH - _LEFT - _RIGHT) / len(drawn.days)
    bar = min(_WIDEST, step * 0.36)

    def level(count: int) -> float:
        return _BASE - math.log10(count + 1) / decades * (_BASE - _TOP)

    def piece(left: float, count: int) -> Piece | None:
        if not count:
            return None
        top = min(level(count), _BASE - _SMALLEST)
        return Piece(left, top, bar, _BASE - top)

    days = []
    for number, day in enumerate(drawn.days):
        middle = _LEFT + step * (number + 0.5)
        days.append(
            DrawnDay(
                day.day,
                piece(middle - bar - _GAP / 2, day.created),
                piece(middle + _GAP / 2, day.updated),
            )
        )
    created = sum(day.created for day in drawn.days)
    updated = sum(day.updated for day in drawn.days)
    return ColumnChart(
        tuple(days),
        tuple(
            Tick(level(value), f"{value:,}")
            for value in (0, *(10**power for power in range(decades + 1)))
            if value == 0 or level(value) >= _TOP
        ),
        f"In {len(drawn.days)} days {created:,} objects were created, and {updated:,} other changes were made.",
    )


def _scale(least: int, most: int) -> tuple[int, int, int]:
    """From where to where a scale goes, in which steps: whole numbers, from 0 unless all is far above it."""
    low = 0 if least < most * 0.8 or most < _STEPS[-1] else least
    step = _step((most - low) or 1)
    low -= low % step
    high = low + step
    while high < most:
        high += step
    return low, high, step


def _step(span: int) -> int:
    """A round step by which a few ticks go over a span."""
    power = 1
    while True:
        for step in _STEPS:
            if span <= step * power * _MOST_TICKS:
                return step * power
        power *= 10
