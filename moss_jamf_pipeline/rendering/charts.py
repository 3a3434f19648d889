"""The chart of the history: where its bars and marks stand. The template draws it, as SVG, from these numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moss_jamf_pipeline.services.history import SyncRun

WIDTH: Final = 1180
_LEFT, _RIGHT = 48, 8
_CHANGES_TOP, _CHANGES_BASE = 14, 132
_MARKS: Final = 150
_SECONDS_TOP, _SECONDS_BASE = 184, 232
HEIGHT: Final = 258
_WIDEST: Final = 18.0
_GAP: Final = 2.0
_FEWEST_PLACES: Final = 12
_SMALLEST: Final = 1.5
"""A bar of anything above nothing can be seen."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """What the chart shows of one run.

    Attributes:
        run: which.
        middle: where it stands, from the left.
        created: the bar of what it created; None: nothing, or not known.
        updated: beside it, of what it updated.
        seconds: the bar of how long it took; None: not known.
    """

    run: SyncRun
    middle: float
    created: Piece | None
    updated: Piece | None
    seconds: Piece | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """The chart of a page of the history.

    Attributes:
        columns: the oldest run first.
        ticks: of the scale of changes, which grows tenfold from line to line.
        second_ticks: of the scale of seconds.
        left: where the scales end and the bars begin.
        right: where they end.
        marks: the height of the marks of how each run ended.
        summary: all of it in words.
    """

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    second_ticks: tuple[Tick, ...]
    left: float
    right: float
    marks: float
    summary: str
    width: int = WIDTH
    height: int = HEIGHT


def history_chart(runs: Sequence[SyncRun]) -> HistoryChart | None:
    """The chart of runs, given newest first; None if there are too few to compare."""
    if len(runs) < 2:  # noqa: PLR2004 - one run is no history
        return None
    inside = WIDTH - _LEFT - _RIGHT
    step = inside / max(len(runs), _FEWEST_PLACES)
    bar = min(_WIDEST, step * 0.36)
    most = max(max(run.items_created or 0, run.items_updated or 0) for run in runs)
    decades = max(1, math.ceil(math.log10(most + 1)))
    longest = max(float(run.duration_seconds or 0) for run in runs) or 1.0

    def level(changes: int) -> float:
        share = math.log10(changes + 1) / decades
        return _CHANGES_BASE - share * (_CHANGES_BASE - _CHANGES_TOP)

    def piece(left: float, changes: int | None) -> Piece | None:
        if not changes:
            return None
        top = min(level(changes), _CHANGES_BASE - _SMALLEST)
        return Piece(left, top, bar, _CHANGES_BASE - top)

    columns = []
    for place, run in enumerate(reversed(runs)):
        middle = WIDTH - _RIGHT - step * (len(runs) - place - 0.5)
        seconds = None
        if run.duration_seconds is not None:
            height = float(run.duration_seconds) / longest * (_SECONDS_BASE - _SECONDS_TOP)
            height = max(_SMALLEST, height)
            seconds = Piece(middle - bar, _SECONDS_BASE - height, 2 * bar, height)
        columns.append(
            Column(
                run,
                middle,
                created=piece(middle - bar - _GAP / 2, run.items_created),
                updated=piece(middle + _GAP / 2, run.items_updated),
                seconds=seconds,
            )
        )
    return HistoryChart(
        columns=tuple(columns),
        ticks=tuple(
            Tick(level(value), f"{value:,}")
            for value in (0, *(10**power for power in range(1, decades)))
        ),
        second_ticks=(
            Tick(_SECONDS_BASE, "0 s"),
            Tick(_SECONDS_TOP, f"{longest:,.0f} s" if longest >= 1 else f"{longest:.1f} s"),
        ),
        left=_LEFT,
        right=WIDTH - _RIGHT,
        marks=_MARKS,
        summary=_in_words(runs),
    )


def _in_words(runs: Sequence[SyncRun]) -> str:
    ways = {
        words: sum(run.status == status for run in runs)
        for status, words in (
            ("success", "ended well"),
            ("partial", "ended in part"),
            ("failed", "failed"),
            ("in_progress", "have not ended"),
        )
    }
    endings = ", ".join(f"{count} {words}" for words, count in ways.items() if count)
    created = sum(run.items_created or 0 for run in runs)
    updated = sum(run.items_updated or 0 for run in runs)
    return (
        f"Of the last {len(runs)} runs, {endings}. "
        f"Together they created {created:,} objects and updated {updated:,}."
    )
