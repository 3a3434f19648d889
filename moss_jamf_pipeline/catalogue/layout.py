"""How generated SQL is laid out: lines of at most a hundred columns."""

from collections.abc import Iterable, Sequence
from typing import Final

_WIDTH: Final = 100


def comment(text: str) -> str:
    """A text as lines of an SQL comment, with a blank line after them."""
    return "".join(f"-- {line}\n" for line in _lines(text.split(" "), " ", _WIDTH - 3)) + "\n"


def comma_separated(items: Iterable[str], *, indent: int) -> str:
    """Items in indented lines, the last without an end."""
    lines = _lines(list(items), ", ", _WIDTH - indent - 1)
    return ",\n".join(" " * indent + line for line in lines)


def _lines(items: Sequence[str], separator: str, width: int) -> list[str]:
    lines: list[str] = []
    for item in items:
        longer = f"{lines[-1]}{separator}{item}" if lines else item
        if lines and len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(item)
    return lines
