"""Reading one paged listing completely, whatever the server and the fleet do meanwhile.

JAMF has no cursor: a page is an offset into whatever the collection is at that moment, so a
deletion shifts every later record one place to the left. Read front to back, that skips a record
without any sign. So the first page is read first, for `totalCount`, and then the rest **from the
end towards the front**: a record that shifts left has either been read already or still will be,
and turns up twice instead of never. New records land at the end (ids only grow, pages are sorted by
id), where a last look finds them. What remains uncertain is said in `doubts`.

A page that JAMF cannot serve is split until the one record that breaks it is found. Which ids were
seen before, and what a sweep reports, is `sweep`.
"""

import logging
from collections.abc import AsyncGenerator, Coroutine, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from moss_jamf_pipeline.jamf.concurrency import in_window
from moss_jamf_pipeline.jamf.documents import (
    DocumentReader,
    JamfRecord,
    ReadPage,
    RejectedRecord,
    RejectionReason,
)
from moss_jamf_pipeline.jamf.errors import (
    ConnectionTrouble,
    JamfAnswerInvalid,
    JamfBusy,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits
from moss_jamf_pipeline.jamf.listings import Listing
from moss_jamf_pipeline.jamf.session import JamfSession
from moss_jamf_pipeline.jamf.transport import Ledger

logger = logging.getLogger("moss_jamf_pipeline.jamf")

_CLEAN_PAGES_TO_GROW = 8
_PAGE_SIZE_STEP = 10
_EMPTY_PAGES_BELIEVED = 5


@dataclass(frozen=True, slots=True)
class RangeRead:
    """What a range of offsets held, possibly read in several parts.

    Attributes:
        offset: the first offset of the range.
        size: how many offsets it spans.
        records: usable records.
        rejected: records that cannot be used, those JAMF could not serve included.
        received: records that arrived, usable or not.
        unserved: records JAMF could not serve.
        total_counts: JAMF's `totalCount` of every answer, in their order.
        last_id: the id of the last record of the range, if it could be read.
        repeats_expected: the range has been read before, so known ids mean nothing.
    """

    offset: int
    size: int
    records: Sequence[JamfRecord]
    rejected: Sequence[RejectedRecord]
    received: int
    unserved: int
    total_counts: Sequence[int]
    last_id: str | None
    repeats_expected: bool = False

    @property
    def total_count(self) -> int | None:
        """JAMF's latest count of the collection; None if no part of the range was served."""
        return self.total_counts[-1] if self.total_counts else None

    @property
    def accounted(self) -> int:
        """Offsets of the range that are known to hold a record."""
        return self.received + self.unserved

    @property
    def end(self) -> int:
        """The first offset behind the last record."""
        return self.offset + self.accounted

    @property
    def expected(self) -> int:
        """How many records the range should hold by JAMF's own count."""
        return max(0, min(self.size, (self.total_count or 0) - self.offset))


class PageSizes:
    """The page size in use: shrinks when pages are too heavy, recovers when they are not.

    All sizes divide those above them, so that offsets stay multiples of the page size whenever it
    changes (JAMF knows only `page * page-size`).

    Args:
        largest: the size to start with.
        smallest: below this the size is not lowered for good.
    """

    def __init__(self, largest: int, smallest: int) -> None:
        self.ladder = _divisor_ladder(largest)
        self._lowest = max(
            index for index, size in enumerate(self.ladder) if size >= min(smallest, largest)
        )
        self._index = 0
        self._clean_pages = 0
        self._pages_to_grow = _CLEAN_PAGES_TO_GROW

    @property
    def current(self) -> int:
        """Records to ask for per page."""
        return self.ladder[self._index]

    def part_of(self, size: int) -> int:
        """The next smaller size: into such parts a page of `size` is split."""
        return self.ladder[self.ladder.index(size) + 1]

    def ending_at(self, end: int) -> int:
        """The largest size in use of which `end` is a multiple."""
        return next(size for size in self.ladder[self._index :] if end % size == 0)

    def shrink_below(self, size: int) -> None:
        """Pages of `size` are too heavy: use the next smaller one, and be slower to grow again."""
        index = min(self.ladder.index(size) + 1, self._lowest)
        if index > self._index:
            self._index = index
            self._clean_pages = 0
            self._pages_to_grow *= 2
            logger.info(
                "pages of %d records are too heavy; page size is now %d", size, self.current
            )

    def clean(self) -> None:
        """A page of the current size was served."""
        self._clean_pages += 1
        if self._index > 0 and self._clean_pages >= self._pages_to_grow:
            self._index -= 1
            self._clean_pages = 0


@dataclass(slots=True)
class PagedReading:
    """One complete reading of a paged listing.

    Attributes:
        session: the server.
        listing: the endpoint.
        reader: parses its pages.
        privileges: what the endpoint asks for.
        limits: see `ClientLimits`.
        ledger: what the reading costs is written here.
        doubts: why the reading may be incomplete, as sentences; filled while reading.
    """

    session: JamfSession
    listing: Listing
    reader: DocumentReader[Any]
    privileges: Sequence[str]
    limits: ClientLimits
    ledger: Ledger
    doubts: list[str] = field(default_factory=list)
    _sizes: PageSizes = field(init=False)
    _consecutive_unserved: int = field(init=False, default=0)
    _consecutive_empty: int = field(init=False, default=0)
    _unserved_offsets: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._sizes = PageSizes(
            min(self.limits.page_size, self.listing.largest_page), self.limits.smallest_page_size
        )

    async def ranges(self) -> AsyncGenerator[RangeRead, None]:
        """Yield every range once, then what a last look at both ends brings.

        Raises:
            JamfNotFound: the server has no such listing (before the first range only).
            JamfAnswerInvalid: the listing contradicts itself.
            JamfBusy: JAMF cannot serve record after record.
            JamfUnreachable: see `JamfSession.get`.
        """
        opening = await self._open()
        yield opening
        total = opening.total_count or 0
        if opening.accounted != opening.size and opening.end >= total:
            return  # one page, one moment: nothing can have moved
        furthest = opening
        planned_end = -(-total // opening.size) * opening.size
        rest = in_window(self._backwards(opening.size, planned_end), self.limits.max_in_flight)
        async with aclosing(rest):
            async for read in rest:
                self._judge(read)
                yield read
                if read.accounted and read.end > furthest.end:
                    furthest = read
        if furthest is not opening and (again := await self._recheck(opening)) is not None:
            yield again
        async for read in self._behind(furthest):
            yield read

    # -- the three passes ------------------------------------------------------------------------

    async def _open(self) -> RangeRead:
        """Read the first page; it tells the total, and whether the server caps the page size."""
        opening = await self._read_range(0, self._sizes.current, may_be_capped=True)
        if 0 < opening.accounted < opening.expected:
            # Rounded down, because a size without divisors could not be split well.
            size = opening.accounted - opening.accounted % _PAGE_SIZE_STEP or opening.accounted
            logger.info("asked for %d records, JAMF sent %d", opening.size, opening.accounted)
            self._sizes = PageSizes(size, self.limits.smallest_page_size)
            opening = await self._read_range(0, size)
        if opening.total_count and not opening.accounted:
            raise JamfAnswerInvalid(
                f"JAMF Pro says that {self.listing.path} holds {opening.total_count} records, and "
                "lists none.",
                "Nothing was read from it; run again, and report it to JAMF if it stays so.",
            )
        self._judge(opening)
        return opening

    def _backwards(self, start: int, end: int) -> Iterator[Coroutine[Any, Any, RangeRead]]:
        """Readings of the offsets from `start` to `end`, last page first, in the size of the moment."""
        while end > start:
            size = self._sizes.ending_at(end)
            end -= size
            yield self._read_range(end, size)

    async def _recheck(self, opening: RangeRead) -> RangeRead | None:
        """Read the first page again if a deletion in it has moved records into it."""
        last = await self._read_range(opening.size - 1, 1)
        if last.last_id is not None and last.last_id == opening.last_id:
            return None
        self.doubts.append("records moved between pages while JAMF was read")
        return replace(await self._read_range(0, opening.size), repeats_expected=True)

    async def _behind(self, furthest: RangeRead) -> AsyncGenerator[RangeRead, None]:
        """See whether the last record is still the last; if not, read on until a short page."""
        last = await self._read_range(furthest.end - 1, 1)
        yield replace(last, repeats_expected=True)
        moved = last.last_id is None or last.last_id != furthest.last_id
        if moved:
            self.doubts.append("the last record moved while JAMF was read")
        elif last.total_count == furthest.end and furthest.accounted < furthest.size:
            return
        size = self._sizes.current
        start = furthest.offset if moved else furthest.end
        offset = start - start % size
        while True:
            read = await self._read_range(offset, size)
            yield replace(read, repeats_expected=True)
            if read.accounted != size:
                return
            offset += size

    # -- one range -------------------------------------------------------------------------------

    async def _read_range(
        self, offset: int, size: int, *, may_be_capped: bool = False
    ) -> RangeRead:
        """Read `size` records from `offset`, a multiple of it, in smaller pages if need be.

        Args:
            offset: the first offset.
            size: how many offsets; one of the page sizes.
            may_be_capped: hand over a page that is shorter than it should be, as it is.
        """
        try:
            page = await self.session.get(
                self.listing.path,
                self.listing.page_parameters(offset // size, size),
                read=self.reader.read_page,
                ledger=self.ledger,
                patience=self.limits.page_patience if size > 1 else self.limits.request_patience,
                privileges=self.privileges,
            )
        except (JamfBusy, JamfUnreachable) as error:
            if not self._may_lie_in_page(error, size):
                raise
            if size == 1:
                return self._unserved(offset, error)
            return await self._read_parts(offset, size)
        self._consecutive_unserved = 0
        read = _range_of(page, offset, size)
        if 0 < read.accounted < read.expected and not may_be_capped:
            return await self._read_parts(offset, size)
        if size == self._sizes.current:
            self._sizes.clean()
        return read

    async def _read_parts(self, offset: int, size: int) -> RangeRead:
        """Read in smaller parts what JAMF does not serve, or not fully, as one page."""
        part_size = self._sizes.part_of(size)
        logger.info("splitting records %d to %d into pages of %d", offset, offset + size, part_size)
        parts: list[RangeRead] = []
        for part_offset in range(offset, offset + size, part_size):
            part = await self._read_range(part_offset, part_size)
            parts.append(part)
            if part.total_count is not None and part.end >= part.total_count:
                break  # the collection ends here
        if all(part.accounted >= part.expected and not part.unserved for part in parts):
            self._sizes.shrink_below(size)  # no record is to blame: it was the size
        return RangeRead(
            offset=offset,
            size=size,
            records=[record for part in parts for record in part.records],
            rejected=[record for part in parts for record in part.rejected],
            received=sum(part.received for part in parts),
            unserved=sum(part.unserved for part in parts),
            total_counts=[total for part in parts for total in part.total_counts],
            last_id=parts[-1].last_id,
        )

    def _may_lie_in_page(self, error: JamfBusy | JamfUnreachable, size: int) -> bool:
        """Whether a smaller page may be served where this one was not."""
        if isinstance(error, JamfBusy):
            return not error.sheds_load
        if error.trouble is ConnectionTrouble.WAITING:
            # A small page that times out is no heavy page: the server hangs.
            return size > self.limits.smallest_page_size
        return error.trouble is ConnectionTrouble.DROPPED

    def _unserved(self, offset: int, error: JamfBusy | JamfUnreachable) -> RangeRead:
        """Take note of a record that JAMF cannot serve; too many in a row mean it is down."""
        self._consecutive_unserved += 1
        if self._consecutive_unserved > self.limits.max_consecutive_unserved:
            raise error
        rejected: list[RejectedRecord] = []
        if offset not in self._unserved_offsets:
            self._unserved_offsets.add(offset)
            detail = f"at offset {offset}: {error.happened}"
            rejected.append(RejectedRecord(None, RejectionReason.CANNOT_SERVE, detail))
        return RangeRead(offset, 1, [], rejected, 0, 1, total_counts=[], last_id=None)

    def _judge(self, read: RangeRead) -> None:
        """Note a range that holds less than JAMF's own count promises.

        Raises:
            JamfAnswerInvalid: several in a row hold nothing at all.
        """
        if read.accounted >= read.expected:
            self._consecutive_empty = 0
            return
        self.doubts.append(
            f"JAMF sent {read.accounted} of {read.expected} records from offset {read.offset} on"
        )
        self._consecutive_empty = 0 if read.accounted else self._consecutive_empty + 1
        if self._consecutive_empty > _EMPTY_PAGES_BELIEVED:
            raise JamfAnswerInvalid(
                f"JAMF Pro says that {self.listing.path} holds {read.total_count} records, and "
                f"{self._consecutive_empty} of its pages in a row were empty.",
                "Run again, and report it to JAMF if it stays so.",
            )


def _range_of(page: ReadPage, offset: int, size: int) -> RangeRead:
    return RangeRead(
        offset=offset,
        size=size,
        records=page.records,
        rejected=page.rejected,
        received=page.received,
        unserved=0,
        total_counts=[] if page.total_count is None else [page.total_count],
        last_id=page.last_id,
    )


def _divisor_ladder(largest: int) -> tuple[int, ...]:
    """Page sizes from `largest` to 1, each the largest proper divisor of the one above.

    >>> _divisor_ladder(500)
    (500, 250, 125, 25, 5, 1)
    """
    ladder = [largest]
    while ladder[-1] > 1:
        size = ladder[-1]
        ladder.append(next(part for part in range(size // 2, 0, -1) if size % part == 0))
    return tuple(ladder)
