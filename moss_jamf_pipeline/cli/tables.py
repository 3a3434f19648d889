"""Tables of plain text: as wide as what they hold in a pipe, as wide as the terminal on one.

Rich's own tables break words and headings into single letters when there are many columns. Here a word stays whole;
what does not fit otherwise goes below its row, or a row becomes a list of its values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from rich.cells import cell_len, set_cell_size

_GAP: Final = 2
_LONGEST_WORD: Final = 24
"""Longer ones are broken where there is no room."""
_NOTE: Final = 4
_COMFORTABLE: Final = 40
_MOST_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        heading: its name.
        cells: its texts, from the first row to the last; each is one line.
        is_numeric: whether it is aligned to the right.
    """

    heading: str
    cells: tuple[str, ...]
    is_numeric: bool = False

    @property
    def width(self) -> int:
        """What its widest text takes."""
        return max(map(cell_len, (self.heading, *self.cells)))

    @property
    def least_width(self) -> int:
        """What its longest word takes: of numbers, which are not broken, the whole."""
        if self.is_numeric:
            return self.width
        words = chain.from_iterable(text.split(" ") for text in (self.heading, *self.cells))
        return min(max(map(cell_len, words)), _LONGEST_WORD)


def table_lines(columns: Sequence[Column], width: int | None) -> Iterator[str]:
    """The lines of a table; the first is its headings, the second a rule.

    Args:
        columns: its columns, of equally many cells.
        width: of the terminal; None: a row is one line, however long.
    """
    if width is None or _total(column.width for column in columns) <= width:
        yield from _rows(columns, [column.width for column in columns])
        return
    filled = [column for column in columns if any(column.cells)] or list(columns)
    least = [column.least_width for column in filled]
    *others, last = filled
    shared = _shared_out(filled, least, width) if _total(least) <= width else None
    may_go_below = others and _total(least[:-1]) <= width and not last.is_numeric
    if shared is not None and not (may_go_below and _is_cramped(last, shared[-1])):
        yield from _rows(filled, shared)
    elif may_go_below:
        yield from _rows(others, _shared_out(others, least[:-1], width), notes=last, width=width)
    else:
        yield from _lists(filled, width)


def _is_cramped(column: Column, width: int) -> bool:
    """Whether a text would be a narrow strip of many lines."""
    return width < _COMFORTABLE and column.width > _MOST_LINES * width


def _total(widths: Sequence[int] | Iterator[int]) -> int:
    known = list(widths)
    return sum(known) + _GAP * (len(known) - 1)


def _shared_out(columns: Sequence[Column], least: Sequence[int], width: int) -> list[int]:
    """The width of each column: what it needs at least, and a share of the rest by how much more it would take."""
    missing = [column.width - narrow for column, narrow in zip(columns, least, strict=True)]
    rest = width - _total(least)
    wanted = sum(missing) or 1
    shares = [min(want, rest * want // wanted) for want in missing]
    return [narrow + share for narrow, share in zip(least, shares, strict=True)]


def _rows(
    columns: Sequence[Column],
    widths: Sequence[int],
    *,
    notes: Column | None = None,
    width: int = 0,
) -> Iterator[str]:
    """The lines of a table whose columns have these widths.

    Args:
        columns: its columns.
        widths: of each.
        notes: a column whose text stands below each row.
        width: how wide that text may be.
    """
    yield from _line(columns, widths, [column.heading for column in columns])
    yield "─" * (_total(widths))
    for number in range(len(columns[0].cells)):
        yield from _line(columns, widths, [column.cells[number] for column in columns])
        if notes is not None and notes.cells[number]:
            note = f"{notes.heading}: {notes.cells[number]}"
            yield from (f"{' ' * _NOTE}{line}" for line in wrapped(note, width - _NOTE))


def _line(columns: Sequence[Column], widths: Sequence[int], texts: Sequence[str]) -> Iterator[str]:
    """One row: as many lines as its highest cell has."""
    cells = [wrapped(text, width) for text, width in zip(texts, widths, strict=True)]
    for height in range(max(map(len, cells))):
        parts = [
            _aligned(cell[height] if height < len(cell) else "", width, column.is_numeric)
            for cell, width, column in zip(cells, widths, columns, strict=True)
        ]
        yield (" " * _GAP).join(parts).rstrip()


def _aligned(text: str, width: int, to_the_right: bool) -> str:
    return " " * (width - cell_len(text)) + text if to_the_right else set_cell_size(text, width)


def _lists(columns: Sequence[Column], width: int) -> Iterator[str]:
    """Each row as a list of its values."""
    names = max(cell_len(column.heading) for column in columns)
    for number in range(len(columns[0].cells)):
        yield "─" * min(width, names + _GAP)
        for column in columns:
            if column.cells[number]:
                heading = set_cell_size(column.heading, names + _GAP)
                for line in wrapped(column.cells[number], max(1, width - names - _GAP)):
                    yield f"{heading}{line}"
                    heading = " " * (names + _GAP)


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of a width: words stay whole, unless one is longer than a line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *broken, line = _broken(word, width)
        lines += broken
    return [*lines, line]


def _broken(word: str, width: int) -> list[str]:
    """A word in parts that fit."""
    parts = [""]
    for letter in word:
        if parts[-1] and cell_len(parts[-1] + letter) > width:
            parts.append("")
        parts[-1] += letter
    return parts
