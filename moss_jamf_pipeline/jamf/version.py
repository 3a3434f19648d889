"""JAMF Pro's version: which endpoints a server has follows from it."""

import re
from dataclasses import dataclass, field
from typing import Self

from moss_jamf_pipeline.outputs import one_line

_LONGEST = 60
"""Letters of a version that are kept; JAMF's own have thirty."""
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")


@dataclass(frozen=True, slots=True, order=True)
class ServerVersion:
    """A version like `11.30.1-t1784555528405`, ordered by its three numbers.

    Attributes:
        text: as the server wrote it, build suffix included; takes no part in comparison.
    """

    major: int
    minor: int
    patch: int = 0
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the version JAMF reports.

        Raises:
            ValueError: the text does not begin with `<number>.<number>`.
        """
        written = one_line(text.strip()[:_LONGEST])
        match = _VERSION.match(written)
        if match is None:
            raise ValueError(f"not a JAMF Pro version: {written!r}")
        major, minor, patch = (int(number or 0) for number in match.groups())
        return cls(major, minor, patch, written)

    def __str__(self) -> str:
        return self.text or f"{self.major}.{self.minor}.{self.patch}"


OLDEST_SUPPORTED = ServerVersion(10, 39)
"""The first release that lists computers by sections (`/api/v1/computers-inventory`), which every sync reads."""
