"""Tables, and text that Markdown leaves alone."""

import re
from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a line break in a cell becomes a space."""
    lines = (columns, ("---",) * len(columns), *rows)
    return "".join(
        f"| {' | '.join(' '.join(text.split()).replace('|', chr(92) + '|') for text in line)} |\n"
        for line in lines
    )


def plain(text: str) -> str:
    """Text of a docstring, or of help, as one line of Markdown: `code` stays, and nothing else means anything."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(
        part if part.startswith("`") else re.sub(r"([<>*\[\]{}])", r"\\\1", part) for part in parts
    )


def first_sentences(docstring: str | None) -> str:
    """What a docstring says before it lists arguments, attributes and errors."""
    text = (docstring or "").strip()
    return re.split(r"\n\s*(?:Args|Attributes|Raises|Returns|Yields):", text)[0].strip()
