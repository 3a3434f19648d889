"""How many records to ask for per page.

A page costs a round trip and whatever JAMF does once per request, and then something per record. Large
pages share the first among many; small ones are answered sooner, weigh less, and lose less when they
fail. The size in use

- starts where `ClientLimits.page_size` says;
- becomes smaller when a page fails whose parts are served (too heavy), comes short (capped), or when
  its records are so many bytes that the pages held at once would fill the memory set apart for them;
- follows JAMF's times by trial: after some pages **one** page is read in another size. A larger one is
  tried if it would come swiftly even were all the time its records'; it is kept if the round trip cost
  more than what it carried. A smaller one is tried if answers are slow, and kept if the records, not the
  round trip, are what takes the time. A trial that fails puts off the next one twice as long.

One page on trial, not a round of them: a size that JAMF cannot serve costs one request. Nothing here
knows of HTTP; where a page may begin and end is asked of it by `paging`.
"""

import logging
from collections import deque
from dataclasses import dataclass
from statistics import median

from moss_jamf_pipeline.jamf.limits import ClientLimits

logger = logging.getLogger("moss_jamf_pipeline.jamf")

_PAGES_BETWEEN_TRIALS = 8
"""At first. Pages on trial that come to nothing are then less than a tenth of a long reading."""

_ANSWERS_REMEMBERED = 5
"""A round of requests: the middle one of five is not moved by one that hung."""

_WEIGHT_KEPT = 0.95
"""Of the heaviest bytes per record, with every page: a peak twice the usual is forgotten in 14 pages."""


@dataclass(frozen=True, slots=True)
class ServedPage:
    """What one answer took.

    Attributes:
        size: records asked for.
        received: records that came.
        seconds: from sending the request to the end of the answer, without this process' own work.
        body_bytes: length of the body, decompressed.
    """

    size: int
    received: int
    seconds: float
    body_bytes: int


class PageSizes:
    """The page size in use for listings of one kind, and what it follows from.

    All sizes divide those above them, so that offsets stay multiples of the page size whenever it
    changes (JAMF knows only `page * page-size`).

    Args:
        start: the size to start with.
        largest: the size never to exceed, unless `start` does.
        limits: see `ClientLimits`.
    """

    def __init__(self, start: int, largest: int, limits: ClientLimits) -> None:
        self.ladder = page_size_ladder(start, largest)
        self._limits = limits
        self._start = start
        self._index = self.ladder.index(start)
        self._lowest = max(
            index
            for index, size in enumerate(self.ladder)
            if size >= min(limits.smallest_page_size, start)
        )
        self._largest_served = self.ladder[0]
        self._bytes_per_record = 0.0
        self._seconds: deque[float] = deque(maxlen=_ANSWERS_REMEMBERED)
        self._trial: int | None = None
        self._pages_until_trial = 1
        self._pages_between_trials = _PAGES_BETWEEN_TRIALS
        self._leaps = True

    @property
    def current(self) -> int:
        """Records to ask for per page."""
        return self.ladder[self._index]

    def is_on_trial(self, size: int) -> bool:
        """Whether pages of `size` are only being tried: one that fails is not worth a second try."""
        return size == self._trial

    # -- which size for which offsets ---------------------------------------------------------------

    def ending_at(self, end: int, start: int) -> int:
        """The size of the next page of a reading that goes from the end towards the front.

        Args:
            end: where the page ends; there are as many records, so that it must come full. By a page
                that need not, a server that caps pages could not be told from one that serves them.
            start: what it must not reach below.
        """
        trial = self._size_to_try(end - start)
        if trial is not None and end % trial == 0 and end - trial >= start:
            self._trial = trial
            return trial
        return next(
            size for size in self.ladder[self._index :] if end % size == 0 and end - size >= start
        )

    def starting_at(self, offset: int) -> tuple[int, int]:
        """A modest page that holds `offset`: where it starts, and its size."""
        size = min(self.current, self._start)
        return offset - offset % size, size

    def part_of(self, size: int, received: int = 0) -> int:
        """The size of the parts in which to read again what was not served as one page of `size`.

        Args:
            size: the page's size.
            received: how many records came of it, if any.
        """
        most = size - 1
        if received:
            most = min(most, received)
        if size > self.current:
            most = min(most, self.current)
        return next(part for part in self.ladder if part <= most)

    # -- what came of it ----------------------------------------------------------------------------

    def served(self, page: ServedPage) -> None:
        """A page was served as far as the listing reaches."""
        if page.received < page.size or page.size < self.ladder[self._lowest]:
            return  # of the end of the listing, or a single record, not much can be concluded
        # A peak is forgotten slowly.
        weight = page.body_bytes / page.received
        self._bytes_per_record = max(weight, _WEIGHT_KEPT * self._bytes_per_record)
        self._lighten()
        if page.size == self._trial:
            self._trial = None
            self._judge(page)
        elif page.size == self.current:
            self._seconds.append(page.seconds)
            self._pages_until_trial -= 1

    def not_served(self, size: int, received: int = 0) -> None:
        """A page of `size` was not served as a whole; why, its parts will tell.

        Args:
            size: the page's size.
            received: how many records came of it, if any: then the server caps its pages.
        """
        if size == self._trial:
            self._leaps = False
            self._put_off_trials()
            if received:
                self._largest_served = self.part_of(size, received)

    def too_heavy(self, size: int) -> None:
        """A page of `size` was not served, or not as a whole, though all of its parts were."""
        smaller = min(self.ladder.index(size) + 1, self._lowest)
        if smaller > self._index:
            self._leaps = False
            self._put_off_trials()
            self._change_to(
                self.ladder[smaller], f"pages of {size} records are too heavy for the server"
            )

    # -- trials -------------------------------------------------------------------------------------

    def _size_to_try(self, remaining: int) -> int | None:
        """The size in which the next page is to be read by way of trial, if any.

        Args:
            remaining: how many records are still to be read. A larger page must leave as much for each
                other request under way, so that the reading does not end waiting for a trial.
        """
        if self._trial is not None or self._pages_until_trial > 0 or not self._seconds:
            return None
        seconds = median(self._seconds)
        if seconds > self._limits.slow_answer_seconds:
            return self.ladder[self._index + 1] if self._index < self._lowest else None
        larger = [
            size
            for size in self.ladder[: self._index]
            if size <= min(self._largest_served, remaining // self._limits.max_in_flight)
            and self._fits_memory(size)
            and seconds * size / self.current <= self._limits.swift_answer_seconds
            and (size <= self._start or seconds > self._limits.negligible_seconds)
        ]
        if not larger:
            return None
        # Once something was too heavy, the next size up is enough of a risk.
        return larger[0] if self._leaps else larger[-1]

    def _judge(self, page: ServedPage) -> None:
        """Keep the size that was tried, or not."""
        current, seconds = self.current, median(self._seconds)
        small, large = sorted([(current, seconds), (page.size, page.seconds)])
        # Two answers of different sizes tell what a request costs apart from what a record costs.
        seconds_per_record = max(0.0, (large[1] - small[1]) / (large[0] - small[0]))
        round_trip = max(0.0, small[1] - seconds_per_record * small[0])
        if page.size < current:
            is_kept = seconds_per_record * current > round_trip
        elif page.size <= self._start:
            is_kept = page.seconds <= self._limits.slow_answer_seconds
        else:
            is_kept = round_trip > max(
                seconds_per_record * current, self._limits.negligible_seconds
            )
        if is_kept:
            self._change_to(
                page.size,
                f"of {current} records a page takes {seconds:.2f} s, of {page.size} {page.seconds:.2f} s",
            )
            self._seconds.append(page.seconds)
            self._pages_until_trial = 0
        else:
            self._put_off_trials()

    def _put_off_trials(self) -> None:
        self._trial = None
        self._pages_between_trials *= 2
        self._pages_until_trial = self._pages_between_trials

    # -- memory -------------------------------------------------------------------------------------

    def _fits_memory(self, size: int) -> bool:
        """Whether as many pages of `size` as are held at once stay within the bytes set apart."""
        held = self._bytes_per_record * size * self._limits.pages_held
        return held <= self._limits.answer_bytes_held

    def _lighten(self) -> None:
        index = self._index
        while index < self._lowest and not self._fits_memory(self.ladder[index]):
            index += 1
        if index > self._index:
            self._change_to(
                self.ladder[index], f"a record is {self._bytes_per_record:,.0f} bytes of JSON"
            )

    def _change_to(self, size: int, reason: str) -> None:
        self._index = self.ladder.index(size)
        self._seconds.clear()
        self._trial = None
        logger.info("%s; page size is now %d", reason, size)


def page_size_ladder(start: int, largest: int) -> tuple[int, ...]:
    """Page sizes that divide those above them, from at most `largest` by way of `start` down to 1.

    Upwards they double; downwards each is the largest proper divisor of the one above.

    >>> page_size_ladder(500, 2_000)
    (2000, 1000, 500, 250, 125, 25, 5, 1)
    """
    ladder = [start]
    while ladder[0] * 2 <= largest:
        ladder.insert(0, ladder[0] * 2)
    while ladder[-1] > 1:
        size = ladder[-1]
        ladder.append(next(part for part in range(size // 2, 0, -1) if size % part == 0))
    return tuple(ladder)
