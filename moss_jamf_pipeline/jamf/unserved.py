"""Records that JAMF cannot serve: whether asking for fewer at once may help, and when JAMF counts as down."""

from dataclasses import dataclass, field

from moss_jamf_pipeline.jamf.errors import (
    ConnectionTrouble,
    JamfBusy,
    JamfNotServed,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits


def may_lie_in_size(error: JamfNotServed, size: int, limits: ClientLimits) -> bool:
    """Whether fewer records may be served where so many were not.

    Args:
        error: how the request for them ended.
        size: how many were asked for.
        limits: see `ClientLimits`.
    """
    if isinstance(error, JamfBusy):
        return not error.sheds_load
    if isinstance(error, JamfUnreachable):
        if error.trouble is ConnectionTrouble.WAITING:
            # A small page that times out is no heavy page: the server hangs.
            return size > limits.smallest_page_size
        return error.trouble is ConnectionTrouble.DROPPED
    return True  # too large


@dataclass(slots=True)
class UnservedInARow:
    """Counts single records in a row that JAMF cannot serve.

    Attributes:
        limits: see `ClientLimits`.
    """

    limits: ClientLimits
    _count: int = field(init=False, default=0)

    def end(self) -> None:
        """Something was served."""
        self._count = 0

    def add(self, error: JamfNotServed, endpoint: str) -> None:
        """A record was not served.

        Args:
            error: why not.
            endpoint: whose record it is.

        Raises:
            JamfNotServed: the error, told of all of them, if there were too many: JAMF is down.
        """
        self._count += 1
        if self._count > self.limits.max_consecutive_unserved:
            raise error.telling(
                f"JAMF Pro {error.seen} on {self._count} records of {endpoint} in a row, each of "
                "which was asked for alone."
            )
