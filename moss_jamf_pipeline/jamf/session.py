"""Authorised reading: a GET with a token, its answer checked and parsed.

Between `transport`, which knows HTTP, and the sweeps, which know collections.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from moss_jamf_pipeline.jamf.answers import Answer
from moss_jamf_pipeline.jamf.authentication import TokenSource
from moss_jamf_pipeline.jamf.documents import BodyNotJsonError, BodyShapeError
from moss_jamf_pipeline.jamf.errors import (
    JamfAnswerInvalid,
    JamfError,
    JamfNotFound,
    JamfPrivilegeMissing,
)
from moss_jamf_pipeline.jamf.limits import Patience
from moss_jamf_pipeline.jamf.transport import ApiRequest, JamfTransport, Ledger

_TRIES_OF_A_TRUNCATED_BODY = 3
_ABSENCES = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE})

_T = TypeVar("_T")


@dataclass(slots=True)
class _Authorization:
    """The token that the latest attempt of a request was sent with."""

    tokens: TokenSource
    bearer: str = field(default="", repr=False)

    async def __call__(self) -> Mapping[str, str]:
        self.bearer = await self.tokens.bearer()
        return {"Authorization": f"Bearer {self.bearer}"}


class JamfSession:
    """Reads from one JAMF Pro server with one set of credentials.

    Args:
        transport: the connection to the server.
        tokens: the credentials' tokens.
    """

    def __init__(self, transport: JamfTransport, tokens: TokenSource) -> None:
        self._transport = transport
        self._tokens = tokens

    def ledger(self) -> Ledger:
        """A fresh account for one piece of work."""
        return self._transport.ledger()

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
        """Read something.

        Args:
            path: below the base URL.
            parameters: the query; keys may repeat.
            read: parses the body, raising `BodyNotJsonError` or `BodyShapeError`. Content types are
                not looked at: JAMF labels some JSON as text.
            ledger: what it costs is written here.
            patience: how often to try.
            privileges: the names to give when the account may not read this.

        Returns:
            What `read` made of the body.

        Raises:
            JamfNotFound: 404, 405 or 410.
            JamfPrivilegeMissing: 403.
            JamfCredentialsRejected: 401, with a fresh token too.
            JamfAnswerInvalid: a redirect, any other refusal, or a body that `read` does not take.
            JamfUnreachable: see `JamfTransport.exchange`.
            JamfBusy: see `JamfTransport.exchange`.
        """
        request = ApiRequest("GET", path, parameters)
        tries = 0
        while True:
            tries += 1
            answer = await self._authorised(request, ledger, patience)
            if answer.status != HTTPStatus.OK:
                raise self._refusal(request, answer, privileges)
            try:
                return read(answer.body)
            except BodyNotJsonError as error:
                # A connection closed early by a proxy can pass for a complete answer.
                if answer.is_html or tries == _TRIES_OF_A_TRUNCATED_BODY:
                    raise self._unreadable(request, answer, str(error)) from None
                await self._transport.back_off(tries)
            except BodyShapeError as error:
                raise self._unreadable(request, answer, str(error)) from None

    async def _authorised(self, request: ApiRequest, ledger: Ledger, patience: Patience) -> Answer:
        """Send with a token; if JAMF refuses it, once more with a new one."""
        authorization = _Authorization(self._tokens)
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
        happened = f"JAMF Pro at {self._transport.base_url} answered {answer.status}{said} to"
        if answer.is_redirect:
            return JamfAnswerInvalid(
                f"{happened} {request}: a redirect to {answer.location}.",
                "Redirects are not followed, as they lead to login pages: set the base URL to the "
                "JAMF Pro server's own address.",
            )
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
            f"JAMF Pro at {self._transport.base_url} answered {request} with something that is not "
            f"its data: {what}.",
            "Check that the base URL is the JAMF Pro server itself, not a login page, proxy or "
            "maintenance page.",
        )
