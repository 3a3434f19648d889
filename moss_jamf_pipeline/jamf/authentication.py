"""Tokens: how they are obtained, how long they are used, and why JAMF may refuse to give one.

A token lives as long as JAMF says and no longer. Requests that find it used up wait for one renewal
together.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError

from moss_jamf_pipeline.jamf.acquaintance import Acquaintance, Token
from moss_jamf_pipeline.jamf.answers import Answer
from moss_jamf_pipeline.jamf.connections import Connection, ConnectionKind
from moss_jamf_pipeline.jamf.credentials import ClientCredentials, UserCredentials
from moss_jamf_pipeline.jamf.documents import parse_moment
from moss_jamf_pipeline.jamf.errors import JamfAnswerInvalid, JamfCredentialsRejected, JamfError
from moss_jamf_pipeline.jamf.limits import Patience
from moss_jamf_pipeline.jamf.transport import ApiRequest, JamfTransport
from moss_jamf_pipeline.scrubbing import remember_secret, remember_token

_USER_TOKEN_PATHS = ("/api/v1/auth/token",)

_LONGEST_MARGIN_SECONDS = 60.0
_MARGIN_SHARE = 0.2
_ASSUMED_LIFETIME_SECONDS = 60.0
"""For an answer that gives no lifetime; the 401 that ends a shorter one is handled anyway."""

_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_ABSENCES = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


_SENDABLE = re.compile(r"[!-~]+")


def _sendable(token: SecretStr) -> SecretStr:
    if _SENDABLE.fullmatch(token.get_secret_value()) is None:
        raise ValueError("no header can hold it")
    return token


_Sendable = Annotated[SecretStr, Field(max_length=10_000), AfterValidator(_sendable)]
"""A token that can stand in a header."""


class _ClientToken(BaseModel):
    access_token: _Sendable
    expires_in: float | None = None


class _UserToken(BaseModel):
    token: _Sendable
    expires: str | None = None


class TokenSource:
    """Hands out the bearer token of one set of credentials.

    Args:
        transport: the connection to the server.
        credentials: whose token.
        patience: how often to try when JAMF is busy or away.
        acquaintance: where the token is kept.
        connection: whether a JAMF Pro server gives the token, or the gateway.
    """

    def __init__(
        self,
        transport: JamfTransport,
        credentials: ClientCredentials | UserCredentials,
        patience: Patience,
        acquaintance: Acquaintance,
        connection: Connection,
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._credentials = credentials
        remember_secret(_secret_of(credentials))
        self._patience = patience
        self._lock = asyncio.Lock()
        self._acquaintance = acquaintance

    async def bearer(self) -> str:
        """A token that JAMF should accept now.

        Raises:
            JamfCredentialsRejected: JAMF gives no token for these credentials.
            JamfAnswerInvalid: what answers is not JAMF's token endpoint.
            JamfUnreachable: see `JamfTransport.exchange`.
            JamfBusy: see `JamfTransport.exchange`.
        """
        token = self._current()
        if token is None:
            async with self._lock:
                token = self._current()
                if token is None:
                    token = self._acquaintance.token = await self._issue()
        return token.value.get_secret_value()

    def discard(self, bearer: str) -> None:
        """Forget a token that JAMF refused, unless it has been replaced already."""
        token = self._acquaintance.token
        if token and token.value.get_secret_value() == bearer:
            self._acquaintance.token = None

    def refused_again(self, request: ApiRequest) -> JamfCredentialsRejected:
        """The error for a fresh token that JAMF refuses."""
        return JamfCredentialsRejected(
            f"{self._connection.name} at {self._transport.base_url} refused a token it had just issued to the "
            f"{self._kind}, on {request}.",
            self._connection.refused_token_remedy,
        )

    def _current(self) -> Token | None:
        token = self._acquaintance.token
        return token if token and time.monotonic() < token.renew_at else None

    async def _issue(self) -> Token:
        # The lifetime counts from when JAMF issued it: from before we asked, to be safe.
        asked_at = time.monotonic()
        if isinstance(self._credentials, ClientCredentials):
            secret, lifetime = await self._client_token(self._credentials)
        else:
            secret, lifetime = await self._user_token(self._credentials)
        remember_token(secret.get_secret_value())
        margin = min(_LONGEST_MARGIN_SECONDS, _MARGIN_SHARE * lifetime)
        return Token(secret, renew_at=asked_at + lifetime - margin)

    async def _client_token(self, credentials: ClientCredentials) -> tuple[SecretStr, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret.get_secret_value(),
        }
        answer = await self._ask(self._connection.token_paths, form=form)
        try:
            token = _ClientToken.model_validate_json(answer.body)
        except ValidationError:
            raise self._not_a_token(answer) from None
        if token.expires_in is None:
            return token.access_token, _ASSUMED_LIFETIME_SECONDS
        return token.access_token, max(0.0, token.expires_in)

    async def _user_token(self, credentials: UserCredentials) -> tuple[SecretStr, float]:
        basic = httpx.BasicAuth(credentials.username, credentials.password.get_secret_value())
        header = next(basic.auth_flow(httpx.Request("POST", "/"))).headers["Authorization"]
        answer = await self._ask(_USER_TOKEN_PATHS, headers={"Authorization": header})
        try:
            token = _UserToken.model_validate_json(answer.body)
        except ValidationError:
            raise self._not_a_token(answer) from None
        expires = parse_moment(token.expires)
        if expires is None:
            return token.token, _ASSUMED_LIFETIME_SECONDS
        # Compared on the server's own clock, which need not agree with ours.
        now = answer.sent_at or datetime.now(UTC)
        return token.token, max(0.0, (expires - now).total_seconds())

    async def _ask(
        self,
        paths: tuple[str, ...],
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask the first of these paths that the server has for a token."""
        for path in paths:
            answer = await self._transport.exchange(
                ApiRequest("POST", path, form=form, headers=headers or {}),
                ledger=self._transport.ledger(),
                patience=self._patience,
                takes_permit=False,
            )
            if answer.status not in _ABSENCES:
                break
        if answer.status == HTTPStatus.OK:
            return answer
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> JamfError:
        at = self._transport.base_url
        if answer.status in _REFUSALS:
            said = f" ({answer.explanation})" if answer.explanation else ""
            return JamfCredentialsRejected(
                f"{self._connection.name} at {at} gives no token to the {self._kind}: "
                f"it answered {answer.status}{said}.",
                self._refusal_remedy(answer),
            )
        if answer.status in _ABSENCES:
            return JamfAnswerInvalid(
                f"The server at {at} has no token endpoint for the {self._kind} "
                f"(it answered {answer.status}).",
                f"Check that the base URL is {self._connection.itself}; API clients exist since "
                "JAMF Pro 10.49, older servers need a user name and password."
                if self._connection.kind is ConnectionKind.SERVER
                else f"Check that the base URL is {self._connection.itself}.",
            )
        return self._not_a_token(answer)

    def _not_a_token(self, answer: Answer) -> JamfAnswerInvalid:
        what = f"a redirect to {answer.location}" if answer.is_redirect else ""
        what = what or answer.explanation or f"{len(answer.body)} bytes that are no token"
        return JamfAnswerInvalid(
            f"The token endpoint at {self._transport.base_url} answered {answer.status} with "
            f"{what}.",
            f"Check that the base URL is {self._connection.itself}, not a login page or proxy.",
        )

    @property
    def _kind(self) -> str:
        """What the credentials are, in sentences."""
        is_client = isinstance(self._credentials, ClientCredentials)
        return self._connection.client if is_client else "user account"

    def _refusal_remedy(self, answer: Answer) -> str:
        credentials = self._credentials
        if isinstance(credentials, ClientCredentials):
            remedy = self._connection.refused_client_remedy
            hint = " The client id looks like a user name: those go with a password instead."
            may_be_a_user = self._connection.kind is ConnectionKind.SERVER
            return remedy + hint if may_be_a_user and credentials.looks_like_a_user else remedy
        if "USER_EXPIRED_PASSWORD" in answer.error_codes:
            return "The password has expired: set a new one in JAMF Pro, or use an API client."
        if credentials.looks_like_a_client:
            return (
                "The user name looks like the client id of an API client: give it as client id, with "
                "the client secret."
            )
        return (
            "Check user name and password. Accounts that sign in by SSO get no token this way: use an "
            "API client (Settings, API roles and clients)."
        )


def _secret_of(credentials: ClientCredentials | UserCredentials) -> str:
    if isinstance(credentials, ClientCredentials):
        return credentials.client_secret.get_secret_value()
    return credentials.password.get_secret_value()
