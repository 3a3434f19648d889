"""JAMF Pro releases: which one the simulator plays, and what that release has and has deprecated."""

import re
from dataclasses import dataclass
from typing import Self

_BUILD_EPOCH = "t1784555528405"


@dataclass(frozen=True, slots=True, order=True)
class JamfVersion:
    """A JAMF Pro release number, comparable.

    Attributes:
        major: e.g. 11.
        minor: e.g. 30.
        patch: e.g. 1.
    """

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `11.30.1`, `11.30` or `11.30.1-t1784555528405`.

        Args:
            text: the release as text.

        Returns:
            The version.

        Raises:
            ValueError: the text names no release.
        """
        match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:-\w+)?", text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no JAMF Pro version; write it like 11.30.1.")
        return cls(int(match[1]), int(match[2]), int(match[3] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def full_text(self) -> str:
        """As `/v1/jamf-pro-version` shows it: with the build's epoch."""
        return f"{self}-{_BUILD_EPOCH}"


OAUTH_CLIENTS = JamfVersion(10, 49)
INVENTORY_V2 = JamfVersion(11, 18)
INVENTORY_V3 = JamfVersion(11, 23)
INVENTORY_V4 = JamfVersion(11, 30)
USERS_V1 = JamfVersion(11, 26)
SITE_DIVISIONS = JamfVersion(11, 27)
GROUPS_V3 = JamfVersion(11, 28)
MDM_LOGIN_FIELDS = JamfVersion(11, 29)
LENIENT_MOBILE_DEVICES = JamfVersion(11, 29)
MOBILE_CONTACT_FIELD = JamfVersion(11, 30)
ENROLLMENT_TYPE_FIELDS = JamfVersion(11, 32)

INVENTORY_VERSIONS: dict[int, JamfVersion] = {
    1: JamfVersion(10, 39),
    2: INVENTORY_V2,
    3: INVENTORY_V3,
    4: INVENTORY_V4,
}
"""Since which release each version of computers-inventory exists."""

INVENTORY_DEPRECATIONS: dict[int, tuple[JamfVersion, str]] = {
    1: (INVENTORY_V2, "Mon, 30 Jun 2025 00:00:00 GMT"),
    2: (INVENTORY_V3, "Thu, 06 Nov 2025 00:00:00 GMT"),
    3: (INVENTORY_V4, "Tue, 14 Jul 2026 00:00:00 GMT"),
}
"""Since which release each version of computers-inventory is deprecated, and its `Deprecation` header."""

GROUPS_DEPRECATION = (GROUPS_V3, "Thu, 28 May 2026 00:00:00 GMT")
"""The same for v2 computer-groups and v1 groups."""
