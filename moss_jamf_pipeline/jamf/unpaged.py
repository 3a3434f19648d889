"""Reading the two kinds of listing that have no pages: a bare array, and the Classic API's users.

They yield the same `RangeRead`s as `paging`, so that a sweep treats all alike.
"""

import re
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from moss_jamf_pipeline.jamf.concurrency import in_window
from moss_jamf_pipeline.jamf.documents import (
    DocumentReader,
    JamfRecord,
    KnownUser,
    ListedUser,
    RejectedRecord,
    RejectionReason,
    read_classic_user,
    read_classic_users,
)
from moss_jamf_pipeline.jamf.errors import (
    ConnectionTrouble,
    JamfAnswerInvalid,
    JamfAnswerTooLarge,
    JamfBusy,
    JamfCredentialsRejected,
    JamfError,
    JamfNotFound,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits
from moss_jamf_pipeline.jamf.listings import Listing
from moss_jamf_pipeline.jamf.paging import RangeRead
from moss_jamf_pipeline.jamf.session import JamfSession
from moss_jamf_pipeline.jamf.transport import Ledger

_USERS_PER_RANGE = 50
_CLASSIC_ID = re.compile(r"[0-9]{1,20}")


@dataclass(slots=True)
class ArrayReading:
    """One reading of a bare array. See `paging.PagedReading` for the attributes."""

    session: JamfSession
    listing: Listing
    reader: DocumentReader[Any]
    privileges: Sequence[str]
    limits: ClientLimits
    ledger: Ledger
    doubts: list[str] = field(default_factory=list)

    async def ranges(self) -> AsyncGenerator[RangeRead, None]:
        """Yield the whole array as one range.

        Raises:
            JamfNotFound: the server has no such listing.
            JamfError: see `JamfSession.get`.
        """
        page = await self.session.get(
            self.listing.path,
            read=self.reader.read_array,
            ledger=self.ledger,
            patience=self.limits.request_patience,
            privileges=self.privileges,
        )
        yield RangeRead(
            offset=0,
            size=page.received,
            records=page.records,
            rejected=page.rejected,
            received=page.received,
            unserved=0,
            total_counts=[],
            last_id=page.last_id,
        )


@dataclass(slots=True)
class ClassicUsersReading:
    """One reading of the Classic API's users: a list of ids and names, then one request per user.

    The only way before JAMF Pro 11.26, and slow: hours of requests for a large company. A user that
    cannot be read is rejected and the others are not. See `paging.PagedReading` for the attributes.

    Attributes:
        known: what earlier readings brought, by id; who is listed with the same name is not read again.
        reused: how many of these were taken as they were.
    """

    session: JamfSession
    listing: Listing
    privileges: Sequence[str]
    limits: ClientLimits
    ledger: Ledger
    known: Mapping[str, KnownUser] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    reused: int = 0
    _consecutive_failures: int = field(init=False, default=0)

    async def ranges(self) -> AsyncGenerator[RangeRead, None]:
        """Yield the users, some dozens at a time.

        Raises:
            JamfNotFound: the server has no such listing.
            JamfError: see `JamfSession.get`; also if user after user cannot be read.
        """
        users = await self.session.get(
            self.listing.path,
            read=read_classic_users,
            ledger=self.ledger,
            patience=self.limits.request_patience,
            privileges=self.privileges,
        )
        if not users:
            yield RangeRead(0, 0, [], [], 0, 0, total_counts=[0], last_id=None)
        reads = in_window(self._chunks(users), self.limits.max_in_flight)
        async with aclosing(reads):
            async for read in reads:
                yield read

    def _chunks(self, users: Sequence[ListedUser]) -> Iterator[Coroutine[Any, Any, RangeRead]]:
        for offset in range(0, len(users), _USERS_PER_RANGE):
            chunk = users[offset : offset + _USERS_PER_RANGE]
            yield self._read_users(offset, chunk, len(users))

    async def _read_users(self, offset: int, users: Sequence[ListedUser], total: int) -> RangeRead:
        outcomes = [self._known(user) or await self._read_user(user.jamf_id) for user in users]
        return RangeRead(
            offset=offset,
            size=len(users),
            records=[outcome for outcome in outcomes if isinstance(outcome, JamfRecord)],
            rejected=[outcome for outcome in outcomes if isinstance(outcome, RejectedRecord)],
            received=len(outcomes),
            unserved=0,
            total_counts=[total],
            last_id=users[-1].jamf_id,
        )

    def _known(self, user: ListedUser) -> JamfRecord | None:
        """What is known of a listed user, if the name is the same."""
        known = self.known.get(user.jamf_id)
        if known is None or known.username != user.name:
            return None
        self.reused += 1
        return known.record

    async def _read_user(self, user_id: str) -> JamfRecord | RejectedRecord:
        if _CLASSIC_ID.fullmatch(user_id) is None:  # it becomes a part of a path
            detail = "id: the Classic API's ids are numbers, this one is not"
            return RejectedRecord(None, RejectionReason.WRONG_TYPE, detail)
        try:
            outcome = await self.session.get(
                f"{self.listing.path}/id/{user_id}",
                read=read_classic_user,
                ledger=self.ledger,
                patience=self.limits.request_patience,
                privileges=self.privileges,
            )
        except JamfNotFound as error:
            return RejectedRecord(user_id, RejectionReason.VANISHED, error.happened)
        except JamfError as error:
            self._consecutive_failures += 1
            if (
                not _may_lie_in_user(error)
                or self._consecutive_failures > self.limits.max_consecutive_unserved
            ):
                raise
            return RejectedRecord(user_id, RejectionReason.CANNOT_SERVE, error.happened)
        self._consecutive_failures = 0
        if outcome.jamf_id != user_id:
            detail = "JAMF answered with another user, or with none"
            return RejectedRecord(user_id, RejectionReason.WRONG_TYPE, detail)
        return outcome


def _may_lie_in_user(error: JamfError) -> bool:
    """Whether other users may still be readable. JAMF is known to answer 401 for a single user."""
    if isinstance(error, JamfBusy):
        return not error.sheds_load
    if isinstance(error, JamfUnreachable):
        return error.trouble in {ConnectionTrouble.WAITING, ConnectionTrouble.DROPPED}
    return isinstance(error, JamfAnswerInvalid | JamfAnswerTooLarge | JamfCredentialsRejected)
