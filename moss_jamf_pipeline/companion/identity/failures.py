"""Keeps whoever guesses from guessing often: failed log-ins of an address are counted, and soon it has to wait."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

_MOST_FAILURES: Final = 20
_SECONDS: Final = 60.0
_MOST_ADDRESSES: Final = 10_000
"""More are forgotten, the longest untouched first: memory stays small whoever asks."""


class FailedLogIns:
    """Failed log-ins of the last minute, by address.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def note(self, address: str) -> None:
        """Notes one."""
        with self._lock:
            failed = self._failures.setdefault(address, deque(maxlen=_MOST_FAILURES))
            failed.append(self._clock())
            self._failures.move_to_end(address)
            while len(self._failures) > _MOST_ADDRESSES:
                self._failures.popitem(last=False)

    def seconds_to_wait(self, address: str) -> float:
        """How long the address has to wait before anything it sends is looked at again; 0: not at all."""
        with self._lock:
            failed = self._failures.get(address)
            if failed is None or len(failed) < _MOST_FAILURES:
                return 0.0
            return max(0.0, failed[0] + _SECONDS - self._clock())
