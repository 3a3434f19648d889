"""Reading one paged listing completely, whatever the server and the fleet do meanwhile.

JAMF has no cursor: a page is an offset into whatever the collection is at that moment, so a
deletion shifts every later record one place to the left. Read front to back, that skips a record
without any sign. So the first page is read first, for `totalCount`, and then the rest **from the
end towards the front**: a record that shifts left has either been read already or still will be,
and turns up twice instead of never. New records land at the end (ids only grow, pages are sorted by
id), where a last look finds them. What remains uncertain is said in `doubts`.

This holds for pages of any sizes, as long as each ends where the one behind it begins: the size may
change between any two pages (`page_sizes`). A server that caps its pages breaks that silently: it counts
offsets in pages of its own size, so that a page which need not come full can hold other records than were
asked for, and as many. Such a page is believed only in a size in which another page has come full.

Requests under way at the same time may be served in any order. A deletion between two of them, the one
in front served first, hides a record from both; JAMF's count is then smaller in the one behind. In front
of it is read again, page by page. What that leaves (an addition that makes up for the deletion in JAMF's
count, or more of this than is read again) moves the last record, which is noticed.

A page that JAMF cannot serve is split until the one record that breaks it is found. Which ids were
seen before, and what a sweep reports, is `sweep`.
"""

import logging
from collections.abc import AsyncGenerator, Coroutine, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf
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
    JamfError,
    JamfNotServed,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits, Patience
from moss_jamf_pipeline.jamf.listings import Listing
from moss_jamf_pipeline.jamf.page_sizes import PageSizes, ServedPage
from moss_jamf_pipeline.jamf.session import JamfSession
from moss_jamf_pipeline.jamf.transport import Ledger
from moss_jamf_pipeline.jamf.unserved import UnservedInARow, may_lie_in_size

logger = logging.getLogger("moss_jamf_pipeline.jamf")

_PAGE_SIZE_STEP = 10
_EMPTY_PAGES_BELIEVED = 5
_PAGES_READ_AGAIN = 12
"""At most, for deletions between pages under way together: each concerns a few pages, and a cluster whose
nodes count differently must not have everything read twice."""


_MOST_RECORDS_BEHIND = 10_000
"""More than JAMF counted at first; a fleet that grows by as many while it is read is none."""


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

    def without_records(self) -> "RangeRead":
        """What the range was, to be kept while its records are not."""
        return replace(self, records=(), rejected=())

    @property
    def expected(self) -> int:
        """How many records the range should hold by JAMF's own count."""
        return max(0, min(self.size, (self.total_count or 0) - self.offset))


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
    _unserved_in_a_row: UnservedInARow = field(init=False)
    _consecutive_empty: int = field(init=False, default=0)
    _unserved_offsets: set[int] = field(init=False, default_factory=set)
    _known_total: float = field(init=False, default=inf)
    _is_alive: bool = field(init=False, default=False)
    _uncapped_size: int = field(init=False, default=1)

    def __post_init__(self) -> None:
        self._sizes = self.session.page_sizes(self.listing, self.limits)
        self._unserved_in_a_row = UnservedInARow(self.limits)

    async def ranges(self) -> AsyncGenerator[RangeRead, None]:
        """Yield every range once, then what a last look at both ends brings.

        Raises:
            JamfNotFound: the server has no such listing (before the first range only).
            JamfAnswerInvalid: the listing contradicts itself.
            JamfNotServed: JAMF serves nothing, or cannot serve record after record; or see `JamfSession.get`.
        """
        reads = self._reads()
        async with aclosing(reads):
            async for read in reads:
                with self.session.own_work():  # what the caller does before it wants more
                    yield read

    async def _reads(self) -> AsyncGenerator[RangeRead, None]:
        opening = await self._open()
        yield opening
        opening = opening.without_records()
        total = opening.total_count or 0
        if opening.accounted != opening.size and opening.end >= total:
            return  # one page, one moment: nothing can have moved
        furthest = opening
        done: list[RangeRead] = []
        rest = in_window(self._backwards(opening.size, total), self.limits.max_in_flight)
        async with aclosing(rest):
            async for read in rest:
                self._judge(read)
                yield read
                done.append(read.without_records())
                if read.accounted and read.end > furthest.end:
                    furthest = done[-1]
        async for read in self._overtaken(done):
            yield read
        looks = await self._look_again({opening.size - 1, furthest.end - 1})
        if furthest is not opening and not _is_last_of(opening, looks[opening.size - 1]):
            yield await self._reread(opening)
        async for read in self._behind(furthest, looks[furthest.end - 1]):
            yield read

    # -- the three passes ------------------------------------------------------------------------

    async def _open(self) -> RangeRead:
        """Read the first page; it tells the total, and whether the server caps the page size."""
        opening = await self._read_range(0, self._sizes.current, may_be_capped=True)
        if 0 < opening.accounted < opening.expected:
            # Rounded down, because a size without divisors could not be split well.
            size = opening.accounted - opening.accounted % _PAGE_SIZE_STEP or opening.accounted
            logger.info("asked for %d records, JAMF sent %d", opening.size, opening.accounted)
            self._sizes = self.session.cap_page_sizes(self.listing, size, self.limits)
            opening = await self._read_range(0, size)
        if (opening.total_count or 0) > self.limits.most_records:
            raise JamfAnswerInvalid(
                f"JAMF Pro says that {self.listing.path} holds {opening.total_count} records, and no JAMF Pro "
                f"server holds more than {self.limits.most_records:,}.",
                "Nothing was read from it; run again, and report it to JAMF if it stays so.",
            )
        if opening.total_count and not opening.accounted:
            raise JamfAnswerInvalid(
                f"JAMF Pro says that {self.listing.path} holds {opening.total_count} records, and "
                "lists none.",
                "Nothing was read from it; run again, and report it to JAMF if it stays so.",
            )
        self._judge(opening)
        return opening

    def _backwards(self, start: int, total: int) -> Iterator[Coroutine[Any, Any, RangeRead]]:
        """Readings of the records from offset `start`, last page first, in the size of the moment.

        Args:
            start: where the first page, of any size, has ended.
            total: how many records there are.
        """
        unit = min(start, self._sizes.current)
        end = -(-total // unit) * unit
        while end > start:
            # The last page need not come full: it has the size of the first, which did.
            size = unit if end > total else self._sizes.ending_at(end, start)
            end -= size
            yield self._read_range(end, size)

    async def _overtaken(self, done: Sequence[RangeRead]) -> AsyncGenerator[RangeRead, None]:
        """Read again what deletions may have moved from a page into the one in front, served before it.

        Args:
            done: the ranges behind the first page.
        """
        highest_total = max((total for read in done for total in read.total_counts), default=0)
        pages_left = _PAGES_READ_AGAIN
        from_the_end = sorted(done, key=lambda read: read.offset, reverse=True)
        for behind, front in pairwise(from_the_end):
            # Of parts, the neighbouring ones count: the last that was read behind, the first in front.
            if (
                not (behind.total_counts and front.total_counts)
                or behind.total_counts[-1] >= front.total_counts[0]
            ):
                continue
            offset, size = self._sizes.starting_at(behind.offset - 1)
            # By as many places as records were deleted so far, a record may have moved to the front.
            while pages_left and offset + size > max(
                0, behind.offset - (highest_total - self._known_total)
            ):
                yield replace(await self._read_range(offset, size), repeats_expected=True)
                offset -= size
                pages_left -= 1

    async def _look_again(self, offsets: AbstractSet[int]) -> dict[int, RangeRead]:
        """Read single records, at once, as each such look waits for a whole round trip."""
        looks = in_window(
            (self._read_range(offset, 1) for offset in sorted(offsets)), self.limits.max_in_flight
        )
        async with aclosing(looks):
            return {look.offset: look async for look in looks}

    async def _reread(self, opening: RangeRead) -> RangeRead:
        """Read the first page again, as a deletion in it has moved records into it."""
        self.doubts.append("records moved between pages while JAMF was read")
        return replace(await self._read_range(0, opening.size), repeats_expected=True)

    async def _behind(
        self, furthest: RangeRead, last: RangeRead
    ) -> AsyncGenerator[RangeRead, None]:
        """See whether the last record is still the last; if not, read on until a short page.

        Pages are read forwards here, so that a deletion can hide a new record. Then one of the records
        at their ends has moved, and so have those behind it.

        Args:
            furthest: the range with the last record.
            last: what is at its offset now.
        """
        yield replace(last, repeats_expected=True)
        moved = not _is_last_of(furthest, last)
        if moved:
            self.doubts.append("the last record moved while JAMF was read")
        elif last.total_count == furthest.end and furthest.accounted < furthest.size:
            return
        offset, size = self._sizes.starting_at(furthest.offset if moved else furthest.end)
        passed = {furthest.end - 1: furthest}
        while True:
            read = await self._read_range(offset, size)
            yield replace(read, repeats_expected=True)
            if read.accounted != size:
                break
            passed[read.end - 1] = read.without_records()
            offset += size
            if offset - furthest.end > _MOST_RECORDS_BEHIND:
                raise JamfAnswerInvalid(
                    f"JAMF Pro said that {self.listing.path} holds {furthest.total_count} records, and sends "
                    f"ever more behind them: it had sent {offset:,} when reading was stopped.",
                    "Run again, and report it to JAMF if it stays so. A gateway in front of JAMF that drops the "
                    "query would do the same.",
                )
        if read.end > furthest.end and not moved:
            looks = await self._look_again(passed.keys())
            if not all(_is_last_of(passed[end], look) for end, look in looks.items()):
                self.doubts.append("records moved between pages while the new ones were read")

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
            answer = await self.session.get_measured(
                self.listing.path,
                self.listing.page_parameters(offset // size, size),
                read=self.reader.read_page,
                ledger=self.ledger,
                patience=self._patience(size),
                privileges=self.privileges,
            )
        except JamfNotServed as error:
            if not may_lie_in_size(error, size, self.limits):
                raise
            if size == 1:
                return self._unserved(offset, error)
            if not self._is_alive:
                await self._look_for_life(error, size)
            return await self._read_parts(offset, size)
        self._is_alive = True
        self._unserved_in_a_row.end()
        read = _range_of(answer.value, offset, size)
        self._known_total = read.total_count or 0
        if read.received >= size:
            self._uncapped_size = max(self._uncapped_size, size)
        elif not may_be_capped and self._may_be_elsewhere(read):
            return await self._read_parts(offset, size, read)
        self._sizes.served(ServedPage(size, read.received, answer.seconds, answer.body_bytes))
        return read

    def _may_be_elsewhere(self, page: RangeRead) -> bool:
        """Whether a page that did not come full may hold the records of other offsets.

        That is what a server sends that caps its pages at fewer than were asked for. It shows if they
        are fewer than there must be; they may be as many by chance.
        """
        if page.offset == 0:  # the one page that begins where it should under any cap
            return 0 < page.accounted < page.expected
        return page.accounted > 0 and (
            page.accounted != page.expected or page.size > self._uncapped_size
        )

    def _patience(self, size: int) -> Patience:
        """How often to ask for a page of this size."""
        if size == 1:
            return self.limits.request_patience
        if self._sizes.is_on_trial(size):
            return self.limits.trial_patience
        return self.limits.page_patience

    async def _read_parts(
        self, offset: int, size: int, short: RangeRead | None = None
    ) -> RangeRead:
        """Read in smaller parts what JAMF does not serve, or not fully, as one page.

        From the end towards the front, as everything: a deletion between two parts loses nothing.

        Args:
            offset: the first offset.
            size: how many offsets.
            short: the page, if it did not come full and may hold the records of other offsets.
        """
        received = short.received if short else 0
        self._sizes.not_served(size, received)
        part_size = self._sizes.part_of(size, received)
        logger.info("splitting records %d to %d into pages of %d", offset, offset + size, part_size)
        parts = [
            await self._read_range(part_offset, part_size)
            for part_offset in reversed(range(offset, offset + size, part_size))
            # Behind the end of the listing is nothing; but one answer is needed to say so.
            if part_offset < self._known_total or part_offset == offset
        ]
        if (short is None or short.accounted < short.expected) and all(
            part.accounted >= part.expected and not part.unserved for part in parts
        ):
            self._sizes.too_heavy(size)  # no record is to blame: it was the size
        return RangeRead(
            offset=offset,
            size=size,
            records=[record for part in reversed(parts) for record in part.records],
            rejected=[record for part in reversed(parts) for record in part.rejected],
            received=sum(part.received for part in parts),
            unserved=sum(part.unserved for part in parts),
            total_counts=[total for part in parts for total in part.total_counts],
            last_id=next((part.last_id for part in parts if part.accounted), None),
        )

    async def _look_for_life(self, error: JamfNotServed, size: int) -> None:
        """See whether the listing serves anything, before its first page is taken apart record by record.

        Asked for are its first record, and one where there is none: that a record is to blame can be true of the
        first only.

        Raises:
            JamfNotServed: it does not, told of all that was asked for.
        """
        hangs = isinstance(error, JamfUnreachable) and error.trouble is ConnectionTrouble.WAITING
        for offset in (0, self.limits.most_records):
            try:
                await self.session.get(
                    self.listing.path,
                    self.listing.page_parameters(offset, 1),
                    read=self.reader.read_page,
                    ledger=self.ledger,
                    patience=self.limits.trial_patience if hangs else self.limits.page_patience,
                    privileges=self.privileges,
                )
            except JamfNotServed as same:
                error = same
            except JamfError:
                break  # It answers, if only that it does not like to be asked so.
            else:
                break
        else:
            raise error.telling(
                f"JAMF Pro {error.seen} on every request for {self.listing.path}, be it for {size} records or for "
                "a single one."
            )
        self._is_alive = True

    def _unserved(self, offset: int, error: JamfNotServed) -> RangeRead:
        """Take note of a record that JAMF cannot serve; too many in a row mean it is down."""
        self._unserved_in_a_row.add(error, self.listing.path)
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


def _is_last_of(read: RangeRead, look: RangeRead) -> bool:
    """Whether a look at the last offset of a range finds the record that was there."""
    return look.last_id is not None and look.last_id == read.last_id


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
