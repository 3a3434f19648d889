"""How many of JAMF's calls are let in: so many at a time, and of an address that knows no secret so many a minute.

JAMF sends all webhooks from one address. Where one of them still carries a retired secret, the others are let in all
the same: whoever was known a moment ago does not wait for those who are not.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from moss_jamf_pipeline.companion.identity.failures import FailedLogIns

MOST_AT_A_TIME: Final = 100
"""Calls that have not been answered. Each holds a megabyte at most."""

_KNOWN_SECONDS: Final = 3_600.0
_MOST_KNOWN: Final = 100


class WebhookGate:
    """Counts calls that are under way, and failures by address.

    Args:
        clock: seconds that only grow.
        most_at_a_time: calls that may be under way.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, most_at_a_time: int = MOST_AT_A_TIME
    ) -> None:
        self._clock = clock
        self._most = most_at_a_time
        self._lock = threading.Lock()
        self._under_way = 0
        self._failures = FailedLogIns(clock)
        self._known: OrderedDict[bytes, float] = OrderedDict()

    def enter(self) -> bool:
        """Lets a call in, if there is room; who was let in leaves again."""
        with self._lock:
            if self._under_way >= self._most:
                return False
            self._under_way += 1
            return True

    def leave(self) -> None:
        """Makes room."""
        with self._lock:
            self._under_way -= 1

    def seconds_to_wait(self, address: str, secret: str) -> float:
        """How long an address waits before what it sends is looked at; 0: not at all."""
        with self._lock:
            known_at = self._known.get(_digest(secret))
        if known_at is not None and known_at + _KNOWN_SECONDS > self._clock():
            return 0.0
        return self._failures.seconds_to_wait(address)

    def note_success(self, secret: str) -> None:
        """Notes that a secret was right."""
        with self._lock:
            digest = _digest(secret)
            self._known[digest] = self._clock()
            self._known.move_to_end(digest)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)

    def note_failure(self, address: str, secret: str) -> None:
        """Notes that an address sent what is no secret, or is one no longer."""
        with self._lock:
            self._known.pop(_digest(secret), None)
        self._failures.note(address)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
