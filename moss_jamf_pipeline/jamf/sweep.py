"""One complete pull of one collection: pages of records as they arrive, and an account of it at the end.

The account says whether absence may be concluded from the sweep: every page arrived,
ids were stable, their number is JAMF's own, every requested section was there. Reading itself is
`paging` and `unpaged`.
"""

import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from moss_jamf_pipeline.catalogue.collections import CollectionName, collection_named
from moss_jamf_pipeline.jamf.documents import (
    READERS,
    DocumentReader,
    JamfRecord,
    KnownUser,
    RejectedRecord,
    RejectionReason,
)
from moss_jamf_pipeline.jamf.errors import JamfAnswerInvalid, JamfNotFound
from moss_jamf_pipeline.jamf.limits import ClientLimits
from moss_jamf_pipeline.jamf.listings import (
    SOURCES,
    CollectionSource,
    Listing,
    ListingStyle,
    absent_everywhere,
)
from moss_jamf_pipeline.jamf.paging import PagedReading, RangeRead
from moss_jamf_pipeline.jamf.session import JamfSession
from moss_jamf_pipeline.jamf.transport import Ledger
from moss_jamf_pipeline.jamf.unpaged import ArrayReading, ClassicUsersReading
from moss_jamf_pipeline.jamf.version import ServerVersion

logger = logging.getLogger("moss_jamf_pipeline.jamf")

_DOUBTS_SHOWN = 10
_STALE_PAGES_BELIEVED = 20


@dataclass(frozen=True, slots=True)
class SweepPage:
    """Some records of a sweep, in no particular order. An id is never yielded twice.

    Attributes:
        records: usable records.
        rejected: records that cannot be used; they exist in JAMF all the same.
        pages_done: pages yielded so far, this one included.
        records_done: records yielded so far, rejected ones included.
        total_count: JAMF's latest count of the collection; None if the listing has none.
    """

    records: Sequence[JamfRecord]
    rejected: Sequence[RejectedRecord]
    pages_done: int
    records_done: int
    total_count: int | None


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """The account of a finished sweep.

    Attributes:
        collection: what was swept.
        endpoint: the path it was read from.
        server_version: as JAMF reports it.
        requests: requests sent, retries included, token requests not.
        pages: pages yielded.
        bytes_received: bytes of answers, decompressed.
        total_count: JAMF's count in the last answer; None if the listing has none.
        distinct_count: distinct ids seen, those of rejected records included.
        rejected: records that cannot be used: the first `ClientLimits.rejected_kept` of them.
        rejected_count: how many there were.
        incomplete_reasons: why absence proves nothing, as sentences; empty if it does.
        reused: of the records, those that were not read again.
    """

    collection: CollectionName
    endpoint: str
    server_version: str
    requests: int
    pages: int
    bytes_received: int
    total_count: int | None
    distinct_count: int
    rejected: tuple[RejectedRecord, ...]
    rejected_count: int
    incomplete_reasons: tuple[str, ...]
    reused: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether an object that is not in the sweep is not in JAMF."""
        return not self.incomplete_reasons


@dataclass(slots=True)
class _Tally:
    """What has been seen so far."""

    rejected_kept: int
    seen: set[str] = field(default_factory=set)
    rejected: list[RejectedRecord] = field(default_factory=list)
    rejected_count: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    without_id: int = 0
    pages: int = 0
    total_count: int | None = None
    highest_total: int = 0
    stale_pages: int = 0

    def add(self, read: RangeRead) -> SweepPage | None:
        """Count a range; returns its page, or None if it brought nothing new."""
        records = [record for record in read.records if self._is_new(record.jamf_id, read)]
        rejected = [record for record in read.rejected if self._is_new_rejection(record, read)]
        for record in rejected:
            self.reasons[record.reason] += 1
        self.rejected_count += len(rejected)
        self.rejected.extend(rejected[: max(0, self.rejected_kept - len(self.rejected))])
        if read.total_counts:
            self.total_count = read.total_counts[-1]
            self.highest_total = max(self.highest_total, *read.total_counts)
        if not records and not rejected:
            self.stale_pages += 1
            return None
        self.stale_pages = 0
        self.pages += 1
        return SweepPage(
            records=records,
            rejected=rejected,
            pages_done=self.pages,
            records_done=len(self.seen) + self.without_id,
            total_count=self.total_count,
        )

    def _is_new(self, jamf_id: str, read: RangeRead) -> bool:
        if jamf_id not in self.seen:
            self.seen.add(jamf_id)
            return True
        self.repeated += not read.repeats_expected
        return False

    def _is_new_rejection(self, record: RejectedRecord, read: RangeRead) -> bool:
        if record.jamf_id is not None:
            return self._is_new(record.jamf_id, read)
        # Without an id it cannot be recognised; one JAMF could not serve is reported only once.
        is_new = not read.repeats_expected or record.reason == RejectionReason.CANNOT_SERVE
        self.without_id += is_new
        return is_new

    def incomplete_reasons(self, collection: CollectionName) -> list[str]:
        """Why an object that was not seen may exist in JAMF all the same."""
        reasons: list[str] = []
        distinct = len(self.seen)
        if self.total_count is not None and distinct != self.total_count:
            reasons.append(
                f"{distinct} distinct ids were read, JAMF counts {self.total_count} records"
            )
        if self.total_count is not None and self.highest_total > self.total_count:
            reasons.append(
                f"JAMF's count fell from {self.highest_total} to {self.total_count} while it was "
                "read: records were deleted"
            )
        if self.repeated:
            reasons.append(f"{self.repeated} records came twice: they moved between pages")
        if missing := self.reasons[RejectionReason.SECTION_MISSING]:
            reasons.append(sections_missing(missing))
        if self.without_id:
            reasons.append(f"{self.without_id} records could not be read far enough to know them")
        if unlisted := self.rejected_count - len(self.rejected):
            reasons.append(f"{unlisted} rejected records are not listed one by one")
        if not distinct and not collection_named(collection).may_be_empty:
            reasons.append(
                "JAMF lists none, which is also what an account sees that may not see them"
            )
        return reasons


def sections_missing(count: int) -> str:
    """Why a capture with records that lack a section proves no absence."""
    return f"{count} records came without a section that was asked for"


class Sweep:
    """An async iterator of `SweepPage`; once exhausted, `summary` is there.

    Iterate it once, inside the client's context. A sweep that raises has no summary, and what it
    yielded until then says nothing about absence.

    Args:
        collection: what to read.
        session: the server.
        version: yields the server's version.
        limits: see `ClientLimits`.
        source: where it is read, if not where the collection usually is.
        reader: what is kept of a record, if not what usually is.
        known_users: of users that cost a request each: who is listed with the same name is not read again.
    """

    def __init__(
        self,
        collection: CollectionName,
        session: JamfSession,
        version: Callable[[], Awaitable[ServerVersion]],
        limits: ClientLimits,
        *,
        source: CollectionSource | None = None,
        reader: DocumentReader[Any] | None = None,
        known_users: Mapping[str, KnownUser] | None = None,
    ) -> None:
        self.collection = collection
        self._known_users = known_users or {}
        self._session = session
        self._version = version
        self._limits = limits
        self._reader = reader or READERS[collection]
        self._source = source or SOURCES[collection]
        self._summary: SweepSummary | None = None
        self._is_started = False

    @property
    def summary(self) -> SweepSummary:
        """The account of the sweep.

        Raises:
            RuntimeError: the sweep has not been iterated to its end.
        """
        if self._summary is None:
            raise RuntimeError(f"the sweep of {self.collection} has not been read to its end")
        return self._summary

    def __aiter__(self) -> AsyncGenerator[SweepPage, None]:
        if self._is_started:
            raise RuntimeError(f"the sweep of {self.collection} can be iterated only once")
        self._is_started = True
        return self._pages()

    async def _pages(self) -> AsyncGenerator[SweepPage, None]:
        version = await self._version()
        ledger = self._session.ledger()
        tally = _Tally(self._limits.rejected_kept)
        absence: JamfNotFound | None = None
        for listing in self._session.listings(self._source, version):
            reading = self._reading(listing, ledger)
            try:
                async with aclosing(reading.ranges()) as ranges:
                    async for read in ranges:
                        if (page := tally.add(read)) is not None:
                            self._log_progress(page)
                            yield page
                        self._stop_if_stale(tally, listing)
            except JamfNotFound as error:
                if tally.pages:
                    raise JamfAnswerInvalid(error.happened, error.remedy) from error
                logger.info("%s is not there on JAMF Pro %s", listing.path, version)
                absence = error
                continue
            self._summary = self._account(tally, listing, reading, ledger, version)
            return
        raise absent_everywhere(self.collection, version, absence.happened if absence else "")

    def _reading(
        self, listing: Listing, ledger: Ledger
    ) -> PagedReading | ArrayReading | ClassicUsersReading:
        if listing.style is ListingStyle.CLASSIC_USERS:
            return ClassicUsersReading(
                self._session,
                listing,
                self._source.privileges,
                self._limits,
                ledger,
                self._known_users,
            )
        kind = PagedReading if listing.style is ListingStyle.PAGED else ArrayReading
        return kind(
            self._session,
            listing,
            self._reader,
            self._source.privileges,
            self._limits,
            ledger,
        )

    def _stop_if_stale(self, tally: _Tally, listing: Listing) -> None:
        if tally.stale_pages > _STALE_PAGES_BELIEVED:
            raise JamfAnswerInvalid(
                f"JAMF Pro sends the same records of {listing.path} again and again.",
                "A gateway in front of JAMF may drop the query or cache answers: check it.",
            )

    def _log_progress(self, page: SweepPage) -> None:
        logger.info(
            "%s: page %d, %d of %s records, %d rejected in it",
            self.collection,
            page.pages_done,
            page.records_done,
            "?" if page.total_count is None else page.total_count,
            len(page.rejected),
        )

    def _account(
        self,
        tally: _Tally,
        listing: Listing,
        reading: PagedReading | ArrayReading | ClassicUsersReading,
        ledger: Ledger,
        version: ServerVersion,
    ) -> SweepSummary:
        shown = list(dict.fromkeys(reading.doubts))
        if len(shown) > _DOUBTS_SHOWN:
            shown[_DOUBTS_SHOWN:] = [f"and {len(shown) - _DOUBTS_SHOWN} doubts more"]
        return SweepSummary(
            collection=self.collection,
            endpoint=listing.path,
            server_version=str(version),
            requests=ledger.requests,
            pages=tally.pages,
            bytes_received=ledger.bytes_received,
            total_count=tally.total_count,
            distinct_count=len(tally.seen),
            rejected=tuple(tally.rejected),
            rejected_count=tally.rejected_count,
            incomplete_reasons=(*shown, *tally.incomplete_reasons(self.collection)),
            reused=reading.reused if isinstance(reading, ClassicUsersReading) else 0,
        )
