"""Reading some records whole: computers of which a listing has told that they changed, or what somebody named.

What to ask for is decided before anything is asked (`plan_of_reading`, a pure function): JAMF can
be asked for what was reported since a moment, page by page, or for computers by their ids. A
filter is trusted no further than its answers bear it out: records that it should have kept out, or
too few of those it should have brought, are an error (`JamfFilterUnusable`), never a result.

The fleet changes meanwhile. Who reported again since comes as it is now; who vanished does not
come, and is left to whoever reads next.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.jamf.concurrency import in_window
from moss_jamf_pipeline.jamf.documents import (
    DocumentReader,
    JamfRecord,
    ReadPage,
    RejectedRecord,
    RejectionReason,
)
from moss_jamf_pipeline.jamf.errors import (
    JamfAnswerInvalid,
    JamfFilterUnusable,
    JamfNotFound,
    JamfNotServed,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits
from moss_jamf_pipeline.jamf.listings import Listing
from moss_jamf_pipeline.jamf.paging import PagedReading, RangeRead
from moss_jamf_pipeline.jamf.session import JamfSession
from moss_jamf_pipeline.jamf.transport import Ledger
from moss_jamf_pipeline.jamf.unserved import UnservedInARow, may_lie_in_size

logger = logging.getLogger("moss_jamf_pipeline.jamf")

IDS_PER_REQUEST = 150
"""A filter is part of the URL: 150 ids of seven digits are 1,200 characters of it."""

_LARGEST_SHARE = 1 / 3
"""Of more than this of a fleet a full sweep is read: it costs little more and sees more."""

_CLOSING_LOOKS = 2
"""What a reading of several pages asks beyond them: whether its first and last record moved."""

_USELESS_PAGES_BELIEVED = 20
_ABSENCES_BELIEVED = 10
_SHARE_OF_ABSENCES_BELIEVED = 0.1
_REMEDY = "Nothing is lost: all computers are read instead. Report it to JAMF if it stays so."


@dataclass(frozen=True, slots=True)
class ChangedComputers:
    """How much changed, by a listing of the fleet.

    Attributes:
        listed: computers listed.
        wanted: how many of them are to be read whole.
        since: a moment on JAMF's clock, before which most of what was reported is known; None if
            there is none.
        reported_since: computers listed that reported at that moment or later, wanted or not.
        wanted_since: how many of these are wanted.
    """

    listed: int
    wanted: int
    since: datetime | None = None
    reported_since: int = 0
    wanted_since: int = 0


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """How to read computers that changed.

    Attributes:
        reads_all: by a full sweep.
        since: read all that reported since, before asking by ids for what that does not bring.
        requests: what it takes if nothing goes wrong.
        reason: why, as the end of a sentence.
    """

    reads_all: bool
    since: datetime | None
    requests: int
    reason: str


def plan_of_reading(changed: ChangedComputers, page_size: int) -> ReadingPlan:
    """Decide how to read computers that changed, with as few requests as can be.

    Args:
        changed: how many, by a listing.
        page_size: computers that are read whole per page.
    """
    all_requests = _requests_for(changed.listed, page_size)
    by_ids = -(-changed.wanted // IDS_PER_REQUEST)
    counted = f"{changed.wanted:,} of {changed.listed:,} computers are new or changed"
    if changed.wanted > _LARGEST_SHARE * changed.listed:
        return ReadingPlan(True, None, all_requests, f"{counted}, more than a third")
    plan = ReadingPlan(False, None, by_ids, counted)
    if changed.since is not None:
        by_report = _requests_for(changed.reported_since, page_size)
        rest = -(-(changed.wanted - changed.wanted_since) // IDS_PER_REQUEST)
        if by_report + rest < by_ids:
            plan = ReadingPlan(False, changed.since, by_report + rest, counted)
    if changed.wanted and plan.requests >= all_requests:
        takes = f"{counted}, and to read these takes {plan.requests} requests"
        return ReadingPlan(True, None, all_requests, f"{takes}, to read all {all_requests}")
    return plan


def _requests_for(records: int, page_size: int) -> int:
    """Requests to read a listing of so many records; at least one, to see that it is empty."""
    pages = max(1, -(-records // page_size))
    return pages if records < page_size else pages + _CLOSING_LOOKS


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """Some of the records that were asked for, in no particular order.

    Attributes:
        records: usable records; an id is never yielded twice.
        rejected: records that cannot be used or that JAMF cannot serve, with their ids.
    """

    records: Sequence[JamfRecord]
    rejected: Sequence[RejectedRecord]


class RecordFetch:
    """An async iterator of `FetchedPage`, and what it took.

    Iterate it once, inside the client's context. It raises `JamfFilterUnusable` where JAMF refuses
    or ignores the filters, or answers them with too little, and else what `JamfSession.get` does;
    what it yielded until then is good as far as it goes.

    Args:
        wanted: ids of the records to read.
        since: see `ReadingPlan`; of computers only.
        session: the server.
        listing: where they are read.
        reader: parses its pages.
        privileges: what the endpoint asks for.
        limits: see `ClientLimits`.
        collection: what they are.
        were_listed: whether JAMF listed them just now, so that many that do not come are no coincidence.
    """

    def __init__(
        self,
        wanted: AbstractSet[str],
        since: datetime | None,
        *,
        session: JamfSession,
        listing: Listing,
        reader: DocumentReader[Any],
        privileges: Sequence[str],
        limits: ClientLimits,
        collection: CollectionName = CollectionName.COMPUTERS,
        were_listed: bool = True,
    ) -> None:
        self._collection = collection
        self._were_listed = were_listed
        self._asked = len(wanted)
        self._open = set(wanted)
        self._since = since
        self._session = session
        self._listing = listing
        self._reader = reader
        self._privileges = privileges
        self._limits = limits
        self._ledger: Ledger = session.ledger()
        self._unserved_in_a_row = UnservedInARow(limits)
        self._fetched = 0

    @property
    def absent(self) -> frozenset[str]:
        """Ids of which nothing came, so far."""
        return frozenset(self._open)

    @property
    def fetched(self) -> int:
        """Usable records so far."""
        return self._fetched

    @property
    def requests(self) -> int:
        """Requests sent so far, retries included, token requests not."""
        return self._ledger.requests

    @property
    def bytes_received(self) -> int:
        """Bytes of answers so far, decompressed."""
        return self._ledger.bytes_received

    def __aiter__(self) -> AsyncIterator[FetchedPage]:
        return self._pages()

    async def _pages(self) -> AsyncGenerator[FetchedPage, None]:
        try:
            if self._since is not None:
                reading = self._reported_since(self._since)
                async with aclosing(reading):
                    async for page in reading:
                        yield page
            by_ids = in_window(self._chunks(), self._limits.max_in_flight)
            async with aclosing(by_ids):
                async for pages in by_ids:
                    for page in pages:
                        yield page
        except (JamfAnswerInvalid, JamfNotFound) as error:
            raise JamfFilterUnusable(error.happened, _REMEDY) from error
        absent = len(self._open)
        if self._were_listed and absent > max(
            _ABSENCES_BELIEVED, _SHARE_OF_ABSENCES_BELIEVED * self._asked
        ):
            raise JamfFilterUnusable(
                f"JAMF Pro listed {self._asked} {self._collection} and does not send {absent} of them when "
                f"{self._listing.path} is asked for them.",
                _REMEDY,
            )
        if absent:
            logger.info("%d %s are not there, or do not come", absent, self._collection)

    # -- by the time of the report -----------------------------------------------------------------

    async def _reported_since(self, since: datetime) -> AsyncGenerator[FetchedPage, None]:
        # Whole seconds, the only precision of JAMF's own examples.
        moment = since.astimezone(UTC).replace(microsecond=0)
        reading = PagedReading(
            self._session,
            replace(self._listing, filter=f'general.reportDate>="{moment:%Y-%m-%dT%H:%M:%SZ}"'),
            self._reader,
            self._privileges,
            self._limits,
            self._ledger,
        )
        useless = 0
        async with aclosing(reading.ranges()) as ranges:
            async for read in ranges:
                self._refuse_earlier(read, moment)
                page = self._wanted_of(read.records, read.rejected)
                yield page
                useless = 0 if page.records or page.rejected else useless + 1
                if useless > _USELESS_PAGES_BELIEVED:
                    return  # the same page again and again, perhaps: what lacks is asked for by ids

    def _refuse_earlier(self, read: RangeRead, moment: datetime) -> None:
        """Notice a filter that lets through what it should keep out.

        Raises:
            JamfFilterUnusable: it does.
        """
        for record in read.records:
            # Of a personally-owned Mac the time is not kept.
            if record.reported_at is not None and record.reported_at < moment:
                raise JamfFilterUnusable(
                    f"JAMF Pro was asked for computers that reported since {moment:%Y-%m-%d %H:%M:%S} UTC, "
                    f"and sent computer {record.jamf_id}, which did not.",
                    _REMEDY,
                )

    # -- by ids ------------------------------------------------------------------------------------

    def _chunks(self) -> Iterator[Coroutine[Any, Any, list[FetchedPage]]]:
        ids = sorted(self._open, key=lambda jamf_id: (len(jamf_id), jamf_id))
        for offset in range(0, len(ids), IDS_PER_REQUEST):
            yield self._read(ids[offset : offset + IDS_PER_REQUEST])

    async def _read(self, ids: Sequence[str]) -> list[FetchedPage]:
        """Read records by their ids, in smaller parts what JAMF does not serve at once."""
        listing = replace(self._listing, filter=f"id=in=({','.join(map(_quoted, ids))})")
        try:
            page = await self._session.get(
                listing.path,
                listing.page_parameters(0, len(ids)),
                read=self._reader.read_page,
                ledger=self._ledger,
                patience=self._limits.page_patience
                if len(ids) > 1
                else self._limits.request_patience,
                privileges=self._privileges,
            )
        except JamfNotServed as error:
            if not may_lie_in_size(error, len(ids), self._limits):
                raise
            if len(ids) == 1:
                return [self._unserved(ids[0], error)]
            return await self._read_halves(ids)
        self._unserved_in_a_row.end()
        self._refuse_others(page, ids)
        if page.received < (page.total_count or 0) and len(ids) > 1:
            return await self._read_halves(ids)  # the server caps the size of its pages
        return [self._wanted_of(page.records, page.rejected)]

    async def _read_halves(self, ids: Sequence[str]) -> list[FetchedPage]:
        logger.info("splitting a request for %d %s in two", len(ids), self._collection)
        middle = len(ids) // 2
        return [*await self._read(ids[:middle]), *await self._read(ids[middle:])]

    def _refuse_others(self, page: ReadPage, ids: Sequence[str]) -> None:
        """Notice a filter that lets through what it should keep out.

        Raises:
            JamfFilterUnusable: it does.
        """
        asked = set(ids)
        others = [record.jamf_id for record in page.records if record.jamf_id not in asked]
        if others or (page.total_count or 0) > len(ids):
            raise JamfFilterUnusable(
                f"JAMF Pro was asked for {len(ids)} {self._collection} by their ids, and found "
                f"{page.total_count}{f', such as {others[0]}' if others else ''}.",
                _REMEDY,
            )

    def _unserved(self, jamf_id: str, error: JamfNotServed) -> FetchedPage:
        """Take note of a record that JAMF cannot serve; too many in a row mean it is down."""
        self._unserved_in_a_row.add(error, self._listing.path)
        rejected = RejectedRecord(jamf_id, RejectionReason.CANNOT_SERVE, error.happened)
        return self._wanted_of([], [rejected])

    # -- both --------------------------------------------------------------------------------------

    def _wanted_of(
        self, records: Sequence[JamfRecord], rejected: Sequence[RejectedRecord]
    ) -> FetchedPage:
        """What of an answer is wanted and did not come before."""
        taken = [record for record in records if self._take(record.jamf_id)]
        # Without an id nobody knows which it was; if it is wanted, it is asked for by its id.
        refused = [record for record in rejected if self._take(record.jamf_id)]
        self._fetched += len(taken)
        return FetchedPage(taken, refused)

    def _take(self, jamf_id: str | None) -> bool:
        if jamf_id is None or jamf_id not in self._open:
            return False
        self._open.discard(jamf_id)
        return True


def _quoted(jamf_id: str) -> str:
    """An id as it stands in a filter; JAMF's own are numbers."""
    if jamf_id.isdecimal():
        return jamf_id
    escaped = jamf_id.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
