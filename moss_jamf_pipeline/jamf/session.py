"""Authorised reading: a GET with a token, its answer checked and parsed.

Between `transport`, which knows HTTP, and the sweeps, which know collections.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Generic, TypeVar

from moss_jamf_pipeline.jamf.answers import Answer
from moss_jamf_pipeline.jamf.authentication import TokenSource
from moss_jamf_pipeline.jamf.connections import Connection
from moss_jamf_pipeline.jamf.documents import BodyNotJsonError, BodyShapeError
from moss_jamf_pipeline.jamf.errors import (
    JamfAnswerInvalid,
    JamfError,
    JamfNotFound,
    JamfPrivilegeMissing,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits, Patience
from moss_jamf_pipeline.jamf.listings import CollectionSource, Listing
from moss_jamf_pipeline.jamf.page_sizes import PageSizes
from moss_jamf_pipeline.jamf.transport import ApiRequest, JamfTransport, Ledger
from moss_jamf_pipeline.jamf.version import ServerVersion

_TRIES_OF_A_TRUNCATED_BODY = 3
_ABSENCES = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE})

_T = TypeVar("_T")


@dataclass(slots=True)
class _Authorization:
    """The token that the latest attempt of a request was sent with."""

    tokens: TokenSource
    headers: Mapping[str, str]
    bearer: str = field(default="", repr=False)

    async def __call__(self) -> Mapping[str, str]:
        self.bearer = await self.tokens.bearer()
        return {**self.headers, "Authorization": f"Bearer {self.bearer}"}


@dataclass(frozen=True, slots=True)
class Measured(Generic[_T]):
    """Something that was read, and what its answer took.

    Attributes:
        value: what was read.
        seconds: how long the answer took to come (`stopwatch`).
        body_bytes: length of the body, decompressed.
    """

    value: _T
    seconds: float
    body_bytes: int


class JamfSession:
    """Reads from one JAMF Pro server with one set of credentials.

    Args:
        transport: leads to the server.
        tokens: the credentials' tokens.
        connection: whether it is asked itself, or through the gateway.
    """

    def __init__(
        self, transport: JamfTransport, tokens: TokenSource, connection: Connection
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._connection = connection
        self._page_sizes: dict[tuple[str, tuple[str, ...]], PageSizes] = {}

    def ledger(self) -> Ledger:
        """A fresh account for one piece of work."""
        return self._transport.ledger()

    def own_work(self) -> AbstractContextManager[None]:
        """A block that holds up the event loop, so that it is not taken for JAMF's time."""
        return self._transport.own_work.counted()

    def listings(self, source: CollectionSource, version: ServerVersion) -> tuple[Listing, ...]:
        """Where a collection can be read, the best first.

        Args:
            source: the collection's.
            version: the server's.
        """
        return self._connection.listings(source, version)

    def page_sizes(self, listing: Listing, limits: ClientLimits) -> PageSizes:
        """The page size to use for a listing, with what earlier readings of its like have learned.

        Listings are alike if they hand out the same parts of the same records, filtered or not.
        """
        key = (listing.path, listing.sections)
        if key not in self._page_sizes:
            start = min(limits.page_size, listing.largest_page)
            largest = min(limits.largest_page_size, listing.largest_page)
            self._page_sizes[key] = PageSizes(start, largest, limits)
        return self._page_sizes[key]

    def cap_page_sizes(self, listing: Listing, size: int, limits: ClientLimits) -> PageSizes:
        """The page size to use for a listing whose server sends at most `size` records per page."""
        sizes = PageSizes(size, size, limits)
        self._page_sizes[listing.path, listing.sections] = sizes
        return sizes

    async def get(
        self,
        path: str,
        parameters: tuple[tuple[str, str], ...] = (),
        *,
        read: Callable[[bytes], _T],
        ledger: Ledger,
        patience: Patience,
        privileges: Sequence[str] = (),
    ) -> _T:
        """Read something: the value of `get_measured`, which see."""
        measured = await self.get_measured(
            path,
            parameters,
            read=read,
            ledger=ledger,
            patience=patience,
            privileges=privileges,
        )
        return measured.value

    async def get_measured(
        self,
        path: str,
        parameters: tuple[tuple[str, str], ...] = (),
        *,
        read: Callable[[bytes], _T],
        ledger: Ledger,
        patience: Patience,
        privileges: Sequence[str] = (),
    ) -> Measured[_T]:
        """Read something, and measure the answer.

        Args:
            path: as JAMF Pro has it, below the server's address.
            parameters: the query; keys may repeat.
            read: parses the body, raising `BodyNotJsonError` or `BodyShapeError`. Content types are
                not looked at: JAMF labels some JSON as text.
            ledger: what it costs is written here.
            patience: how often to try.
            privileges: the names to give when the account may not read this.

        Returns:
            What `read` made of the body; of several tries, what the last one took.

        Raises:
            JamfNotFound: 404, 405 or 410.
            JamfPrivilegeMissing: 403.
            JamfEnvironmentRefused: the gateway does not serve what is meant.
            JamfCredentialsRejected: 401, with a fresh token too.
            JamfAnswerInvalid: a redirect, any other refusal, or a body that `read` does not take.
            JamfUnreachable: see `JamfTransport.exchange`.
            JamfBusy: see `JamfTransport.exchange`.
        """
        request = ApiRequest("GET", self._connection.spelled(path), parameters)
        tries = 0
        while True:
            tries += 1
            answer = await self._authorised(request, ledger, patience)
            if answer.status != HTTPStatus.OK:
                raise self._refusal(request, answer, privileges)
            try:
                with self.own_work():
                    value = read(answer.body)
                return Measured(value, answer.seconds, len(answer.body))
            except BodyNotJsonError as error:
                # A connection closed early by a proxy can pass for a complete answer.
                if answer.is_html or tries == _TRIES_OF_A_TRUNCATED_BODY:
                    raise self._unreadable(request, answer, str(error)) from None
                await self._transport.back_off(tries)
            except BodyShapeError as error:
                raise self._unreadable(request, answer, str(error)) from None

    async def _authorised(self, request: ApiRequest, ledger: Ledger, patience: Patience) -> Answer:
        """Send with a token; if JAMF refuses it, once more with a new one."""
        authorization = _Authorization(self._tokens, self._connection.headers)
        for _ in range(2):
            answer = await self._transport.exchange(
                request, ledger=ledger, patience=patience, authorize=authorization
            )
            if answer.status != HTTPStatus.UNAUTHORIZED:
                return answer
            self._tokens.discard(authorization.bearer)
        raise self._tokens.refused_again(request)

    def _refusal(self, request: ApiRequest, answer: Answer, privileges: Sequence[str]) -> JamfError:
        said = f" ({answer.explanation})" if answer.explanation else ""
        at = f"{self._connection.name} at {self._transport.base_url}"
        happened = f"{at} answered {answer.status}{said} to"
        if answer.is_redirect:
            return JamfAnswerInvalid(
                f"{happened} {request}: a redirect to {answer.location}.",
                "Redirects are not followed, as they lead to login pages: set the base URL to "
                f"{self._connection.itself}.",
            )
        in_own_words = self._connection.refusal(request, answer, happened, privileges)
        if in_own_words is not None:
            return in_own_words
        if answer.status == HTTPStatus.FORBIDDEN:
            return JamfPrivilegeMissing(
                f"{happened} {request}.", endpoint=request.path, privileges=privileges
            )
        if answer.status in _ABSENCES:
            return JamfNotFound(
                f"{happened} {request}.",
                "Check the base URL and the version of the JAMF Pro server.",
            )
        return JamfAnswerInvalid(
            f"{happened} {request}.",
            "This version of JAMF Pro may differ from what is known here: report it with its "
            "version.",
        )

    def _unreadable(self, request: ApiRequest, answer: Answer, problem: str) -> JamfAnswerInvalid:
        what = answer.explanation if answer.is_html else problem
        return JamfAnswerInvalid(
            f"{self._connection.name} at {self._transport.base_url} answered {request} with something that is not "
            f"its data: {what}.",
            f"Check that the base URL is {self._connection.itself}, not a login page, proxy or maintenance page.",
        )
