"""Counts of what was asked of the server, so that a test can say "as many requests as pages"."""

import re
import threading

from pydantic import BaseModel, Field

_IDENTIFIER = re.compile(r"/(?:\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27})(?=/|$)")
_NAME = re.compile(r"(/(?:name|email)/)[^/]+$")


class PathCount(BaseModel):
    """How often one method and path was asked, and what it answered, by status."""

    requests: int = 0
    statuses: dict[int, int] = Field(default_factory=dict)


class RequestCounts(BaseModel):
    """What was asked since the counters were last reset.

    Attributes:
        total: requests, without those to `/simulator`.
        in_flight: being answered now.
        max_in_flight: the most that were being answered at one moment. Answers take a few milliseconds, so a test
            of a client's concurrency should add latency.
        paths: by `GET /api/v4/computers-inventory`; ids and names in a path are written `{id}` and `{name}`.
    """

    total: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    paths: dict[str, PathCount] = Field(default_factory=dict)

    def of(self, path_part: str) -> int:
        """How many requests had this text in their method and path."""
        return sum(count.requests for path, count in self.paths.items() if path_part in path)


class RequestLog:
    """Counts requests; safe to read from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = RequestCounts()

    def begin(self) -> None:
        """A request has arrived."""
        with self._lock:
            self._counts.total += 1
            self._counts.in_flight += 1
            self._counts.max_in_flight = max(self._counts.max_in_flight, self._counts.in_flight)

    def end(self, method: str, path: str, status: int | None) -> None:
        """A request has been answered.

        Args:
            method: its HTTP method.
            path: its path.
            status: the status sent, or None if none was.
        """
        pattern = _NAME.sub(r"\1{name}", _IDENTIFIER.sub("/{id}", path))
        with self._lock:
            self._counts.in_flight -= 1
            count = self._counts.paths.setdefault(f"{method} {pattern}", PathCount())
            count.requests += 1
            if status is not None:
                count.statuses[status] = count.statuses.get(status, 0) + 1

    @property
    def in_flight(self) -> int:
        """How many requests are being answered now."""
        return self._counts.in_flight

    def counts(self) -> RequestCounts:
        """The counters as they are now."""
        with self._lock:
            return self._counts.model_copy(deep=True)

    def reset(self) -> None:
        """Starts counting afresh; requests being answered stay counted as in flight."""
        with self._lock:
            in_flight = self._counts.in_flight
            self._counts = RequestCounts(in_flight=in_flight, max_in_flight=in_flight)
