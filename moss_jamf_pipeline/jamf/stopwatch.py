"""How long JAMF takes to answer, told apart from how long this process takes.

The client runs in one thread: while a page is parsed or stored, answers wait unread. Counted as JAMF's
time, that would make a busy client ask for less, which helps nobody.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]


class OwnWork:
    """Counts the seconds that this process keeps its only thread busy.

    Args:
        clock: seconds since any moment.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._finished = 0.0
        self._under_way = 0
        self._since = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of work so far, what is under way included."""
        return self._finished + (self._clock() - self._since if self._under_way else 0.0)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the block as work; blocks that overlap count once."""
        if not self._under_way:
            self._since = self._clock()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._finished += self._clock() - self._since


class AnswerStopwatch:
    """Measures one answer from the moment its request is sent.

    Own work is left out, also the part during which JAMF worked too: time that nobody waited.

    Args:
        own_work: what this process does meanwhile.
        clock: seconds since any moment.
    """

    def __init__(self, own_work: OwnWork, clock: Clock = time.monotonic) -> None:
        self._own_work = own_work
        self._clock = clock
        self._start()

    async def trace(self, event: str, _: object) -> None:
        """Start anew when the request is sent: connecting is no part of an answer.

        Args:
            event: what happens on the connection, as httpcore names it.
        """
        if event.endswith(".send_request_headers.started"):
            self._start()

    @property
    def seconds(self) -> float:
        """Seconds since the start, without own work."""
        elapsed = self._clock() - self._started
        return max(0.0, elapsed - (self._own_work.seconds - self._worked_before))

    def _start(self) -> None:
        self._started = self._clock()
        self._worked_before = self._own_work.seconds
