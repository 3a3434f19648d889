"""What stands in place of a serial number: what firmware, vendors and people write there, and what an integration adds.

The lines of `placeholder_serials.csv` are of these kinds; texts are compared without case and white space:

- `literal`: the whole text is the pattern;
- `prefix`: it begins with the pattern;
- `counting`: after the pattern come digits that count up or down, hexadecimal ones up, at least five of them;
- `repeated`: it is one sign over and over;
- `unlettered`: it has neither a letter nor a digit.

A real serial number has none of these forms: Apple's have ten to twelve signs of no order, virtual machines' are
random.
"""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

    Texts = pd.Series[str]

_DECLARED: Final = Path(__file__).with_name("placeholder_serials.csv")

_SHORTEST_COUNT: Final = 5  # of the published lists; fewer digits in order come by chance
_LONGEST_COUNT: Final = 64
_COUNTS: Final = (
    ("0123456789" * _LONGEST_COUNT)[: 2 * _LONGEST_COUNT],
    ("9876543210" * _LONGEST_COUNT)[: 2 * _LONGEST_COUNT],
    "0123456789abcdef",
)
_ALL_COUNTS: Final = " ".join(_COUNTS)
_PREFIX_SIGN: Final = "*"
_OF_THE_INTEGRATION: Final = "sync_settings.placeholder_serials names it"


class PlaceholderSerials:
    """All that is known to be no serial number."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        """Take the published placeholders and those of an integration.

        Args:
            own: the integration's: whole texts, or, with a `*` at the end, what they begin with.
        """
        self._literals: dict[str, str] = {}
        self._prefixes: dict[str, str] = {}
        self._counting: dict[str, str] = {}
        self._forms: dict[str, str] = {}
        with _DECLARED.open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                self._add(line["kind"], line["pattern"], line["why"])
        for text in own:
            kind = "prefix" if text.endswith(_PREFIX_SIGN) else "literal"
            self._add(kind, text.removesuffix(_PREFIX_SIGN), _OF_THE_INTEGRATION)

    def _add(self, kind: str, pattern: str, why: str) -> None:
        kinds = {
            "literal": self._literals,
            "prefix": self._prefixes,
            "counting": self._counting,
            "repeated": self._forms,
            "unlettered": self._forms,
        }
        kinds[kind][kind if kinds[kind] is self._forms else folded(pattern)] = why

    def why_no_serial(self, text: str) -> str | None:
        """Why a text is no serial number, as the end of a sentence; None: it may be one.

        Args:
            text: a cleaned text that is not empty.
        """
        key = folded(text)
        if (why := self._literals.get(key)) is not None:
            return why
        if len(set(key)) == 1:
            return self._forms["repeated"]
        if not any(map(str.isalnum, key)):
            return self._forms["unlettered"]
        # A fleet is large, and almost all of it ends here.
        if not key.startswith(tuple(self._prefixes)) and key[-_SHORTEST_COUNT:] not in _ALL_COUNTS:
            return None
        begins = (why for prefix, why in self._prefixes.items() if key.startswith(prefix))
        counts = (
            why
            for prefix, why in self._counting.items()
            if key.startswith(prefix) and _counts(key.removeprefix(prefix))
        )
        return next(begins, None) or next(counts, None)

    def reasons(self, serial_numbers: "Texts") -> "Texts":
        """Why each text is no serial number; NULL where it may be one, and where there is none."""
        return serial_numbers.map(self.why_no_serial, na_action="ignore").astype("str")


@cache
def placeholder_serials(own: tuple[str, ...] = ()) -> PlaceholderSerials:
    """The published placeholders and those of an integration, read once."""
    return PlaceholderSerials(own)


def folded(text: str) -> str:
    """A text as placeholders are compared: without case and white space."""
    return "".join(text.split()).casefold()


def _counts(digits: str) -> bool:
    return _SHORTEST_COUNT <= len(digits) <= _LONGEST_COUNT and any(
        digits in count for count in _COUNTS
    )
