"""One HTTP exchange with JAMF Pro, tried until it succeeds or is hopeless.

Retries, back-off, `Retry-After`, time limits, TLS and what may be logged are decided here. Tokens
are `authentication`; what an answer means is for the caller: every answer but 408, 429 and 5xx is
handed over as it came.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlencode

import httpx

from moss_jamf_pipeline import __version__
from moss_jamf_pipeline.jamf.answers import Answer
from moss_jamf_pipeline.jamf.bodies import (
    ACCEPTED_ENCODINGS,
    BodyTooLargeError,
    BodyUnreadableError,
    read_body,
)
from moss_jamf_pipeline.jamf.concurrency import ConcurrencyLimiter, Permit
from moss_jamf_pipeline.jamf.errors import (
    ConnectionTrouble,
    JamfAddressInvalid,
    JamfAnswerTooLarge,
    JamfBusy,
    JamfFailing,
    JamfNotServed,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits, Patience
from moss_jamf_pipeline.jamf.network import DIRECT, Network
from moss_jamf_pipeline.jamf.stopwatch import AnswerStopwatch, OwnWork

logger = logging.getLogger("moss_jamf_pipeline.jamf")

_LONGEST_QUERY_SHOWN = 200
_LONGEST_EXPLANATION = 64 * 2**10
"""Bytes that are read of an answer that is not the data that was asked for."""

_PUSH_BACK_STATUSES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_JITTER = random.SystemRandom()

Authorize = Callable[[], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What is asked of JAMF Pro.

    Attributes:
        method: the HTTP method.
        path: below the base URL, with a leading `/`.
        parameters: the query; keys may repeat.
        form: body fields of a POST; they carry secrets, so they are never shown.
        headers: further headers; never shown.
    """

    method: Literal["GET", "POST"]
    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        query = urlencode(self.parameters, safe=":")
        if len(query) > _LONGEST_QUERY_SHOWN:  # one that names computers by their ids
            query = query[: _LONGEST_QUERY_SHOWN - 1] + "…"
        return f"{self.method} {self.path}{'?' if query else ''}{query}"


@dataclass(slots=True)
class Ledger:
    """What a piece of work has cost so far, and how many retries it has left.

    Attributes:
        retries_left: over all requests of the work, so that no server can keep it busy for ever.
        requests: requests sent.
        bytes_received: bytes of bodies, decompressed.
    """

    retries_left: int
    requests: int = 0
    bytes_received: int = 0


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why an attempt yielded no answer to hand over.

    Attributes:
        seen: what was seen, to continue the sentence "JAMF Pro …".
        status: the HTTP status, if that is the fault.
        trouble: where the connection failed otherwise.
        pushes_back: JAMF sheds load: ask less of it.
        is_too_large: the answer was not read to its end, as it is larger than any may be.
        may_lie_in_request: asking for less at once may help where asking again does not.
        retry_after_seconds: how long JAMF asks to wait.
    """

    seen: str
    status: int | None = None
    trouble: ConnectionTrouble | None = None
    pushes_back: bool = False
    is_too_large: bool = False
    may_lie_in_request: bool = False
    retry_after_seconds: float | None = None


class JamfTransport:
    """The HTTP connection to one JAMF Pro server, shared by everything that reads from it.

    Args:
        base_url: e.g. `https://example.jamfcloud.com`; plain http only for this very machine.
        limits: see `ClientLimits`.
        transport: replaces the network, for tests of single odd answers.
        tls: how the server's certificate is checked; None: as `network` says, read anew.
        network: the way to the server.

    Attributes:
        base_url: the server's base URL, without a trailing slash.
        own_work: what this process does while JAMF is waited for; whoever holds up the event loop
            counts it there.

    Raises:
        JamfAddressInvalid: the base URL cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        limits: ClientLimits,
        transport: httpx.AsyncBaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
        network: Network = DIRECT,
    ) -> None:
        url = usable_base_url(base_url)
        self.base_url = str(url).rstrip("/")
        self.own_work = OwnWork()
        self._limits = limits
        self._limiter = ConcurrencyLimiter(limits.max_in_flight)
        self._client = httpx.AsyncClient(
            base_url=url,
            transport=transport,
            follow_redirects=False,
            # Pinning a bulk reader to one node of JAMF's cluster overloads it: no cookie is kept.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": ACCEPTED_ENCODINGS,
                "User-Agent": f"moss_jamf_pipeline/{__version__}",
            },
            timeout=httpx.Timeout(
                limits.read_timeout_seconds, connect=limits.connect_timeout_seconds, pool=None
            ),
            limits=httpx.Limits(keepalive_expiry=limits.idle_connection_seconds),
            # Reading the authorities takes 15 ms and more; without a network nobody looks at them.
            verify=tls or (network.tls() if transport is None else True),
            # What the environment says of it is in `network`, which knows `.env` too.
            trust_env=False,
            proxy=network.proxy,
        )
        self._proxy = network.proxy_in_words

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, traceback)

    def ledger(self) -> Ledger:
        """A fresh account for one piece of work."""
        return Ledger(retries_left=self._limits.max_retries_per_sweep)

    async def exchange(
        self,
        request: ApiRequest,
        *,
        ledger: Ledger,
        patience: Patience,
        authorize: Authorize | None = None,
        takes_permit: bool = True,
    ) -> Answer:
        """Send a request until there is an answer.

        Args:
            request: what to ask.
            ledger: what the exchange costs is written here, and its retries are taken from here.
            patience: how often to try.
            authorize: yields the headers that authorise an attempt. It is asked once a permit is
                free, right before sending: a token fetched earlier could die while waiting.
            takes_permit: False for requests made on behalf of one that already holds a permit.

        Returns:
            Any answer that is not 408, 429 or 5xx.

        Raises:
            JamfUnreachable: no complete answer came.
            JamfBusy: nothing but 408, 429 and 5xx came.
            JamfAnswerTooLarge: an answer was larger than any may be.
        """
        attempts = 0
        faults_in_request = 0
        while True:
            outcome = await self._attempt(request, ledger, authorize, takes_permit=takes_permit)
            if isinstance(outcome, Answer):
                return outcome
            attempts += 1
            faults_in_request += outcome.may_lie_in_request
            if (
                attempts >= patience.attempts
                or faults_in_request >= patience.attempts_on_faults
                or ledger.retries_left <= 0
                or outcome.trouble is ConnectionTrouble.CERTIFICATE
                or outcome.is_too_large
            ):
                raise self._give_up(request, outcome, attempts)
            ledger.retries_left -= 1
            await self.back_off(attempts, outcome.retry_after_seconds)

    async def back_off(self, attempts: int, retry_after_seconds: float | None = None) -> None:
        """Wait before trying again: exponentially longer, with jitter, at least what JAMF asks for.

        Args:
            attempts: tries so far, from 1.
            retry_after_seconds: what JAMF asks for.
        """
        longest = self._limits.back_off_base_seconds * 2 ** (attempts - 1)
        delay = longest * _JITTER.uniform(0.5, 1.0)
        delay = min(max(delay, retry_after_seconds or 0.0), self._limits.back_off_cap_seconds)
        logger.debug("waiting %.2f s before try %d", delay, attempts + 1)
        await asyncio.sleep(delay)

    async def _attempt(
        self,
        request: ApiRequest,
        ledger: Ledger,
        authorize: Authorize | None,
        *,
        takes_permit: bool,
    ) -> Answer | _Fault:
        if not takes_permit:
            return await self._send(request, ledger, {})
        async with self._limiter.permit() as permit:
            headers = await authorize() if authorize else {}
            outcome = await self._send(request, ledger, headers)
            self._adapt(permit, outcome)
        return outcome

    def _adapt(self, permit: Permit, outcome: Answer | _Fault) -> None:
        if isinstance(outcome, Answer):
            self._limiter.clean()
        elif outcome.pushes_back:
            hold = min(outcome.retry_after_seconds or 0.0, self._limits.back_off_cap_seconds)
            self._limiter.push_back(permit, hold)
            logger.info(
                "JAMF Pro %s; requests in flight now at most %d",
                outcome.seen,
                self._limiter.allowed,
            )

    async def _send(
        self, request: ApiRequest, ledger: Ledger, headers: Mapping[str, str]
    ) -> Answer | _Fault:
        """Send once; log what was asked and what came, without headers."""
        ledger.requests += 1
        stopwatch = AnswerStopwatch(self.own_work)
        outcome: Answer | _Fault
        try:
            async with (
                asyncio.timeout(self._limits.answer_timeout_seconds),
                self._client.stream(
                    request.method,
                    request.path,
                    params=list(request.parameters),
                    data=request.form,
                    headers={**request.headers, **headers},
                    extensions={"trace": stopwatch.trace},
                ) as response,
            ):
                body = await self._body_of(response, ledger)
                answer = Answer.of(response, body, stopwatch.seconds)
        except (httpx.HTTPError, TimeoutError, BodyUnreadableError) as error:
            outcome = _connection_fault(error, self._proxy)
            logger.debug("%s: %s", request, outcome.seen)
        except BodyTooLargeError as error:
            outcome = _Fault(str(error), is_too_large=True)
            logger.debug("%s: %s", request, outcome.seen)
        else:
            logger.debug(
                "%s: %d, %d bytes, %.3f s",
                request,
                answer.status,
                len(answer.body),
                answer.seconds,
            )
            outcome = _status_fault(answer) or answer
        return outcome

    async def _body_of(self, response: httpx.Response, ledger: Ledger) -> bytes:
        """The body: of data the whole, of anything else as much as an explanation takes.

        Raises:
            BodyTooLargeError: it has more bytes or more values than any may have.
            BodyUnreadableError, httpx.HTTPError: see `read_body`.
        """
        if response.status_code != HTTPStatus.OK:
            body = await read_body(response, _LONGEST_EXPLANATION, cut=True)
        else:
            body = await read_body(response, self._limits.largest_answer_bytes)
            # Before it is parsed: empty objects and lists take thirty times as much memory as their text.
            if body.count(b",") > self._limits.largest_answer_values:
                raise BodyTooLargeError(
                    f"sends more than {self._limits.largest_answer_values:,} values in one answer"
                )
        ledger.bytes_received += len(body)
        return body

    def _give_up(self, request: ApiRequest, fault: _Fault, attempts: int) -> JamfNotServed:
        tries = "1 try" if attempts == 1 else f"{attempts} tries"
        seen = f"at {self.base_url} {fault.seen}"
        happened = f"JAMF Pro {seen} on {request} ({tries})."
        if fault.is_too_large:
            return JamfAnswerTooLarge(happened, _TOO_LARGE, seen=seen)
        if fault.status is not None:
            remedy = (
                "It sheds load: run again later, and see whether other integrations read it now."
                if fault.pushes_back
                else "See JAMF's status page or its server log, then run again."
            )
            kind = JamfBusy if fault.pushes_back else JamfFailing
            return kind(
                happened,
                remedy,
                seen=seen,
                status=fault.status,
                sheds_load=fault.pushes_back,
            )
        trouble = fault.trouble or ConnectionTrouble.CONNECTING
        remedy = _REMEDIES[trouble]
        if self._proxy is not None and trouble in _REMEDIES_BEHIND_A_PROXY:
            remedy = _REMEDIES_BEHIND_A_PROXY[trouble]
        return JamfUnreachable(happened, remedy, seen=seen, trouble=trouble)


_TOO_LARGE = (
    "No answer of JAMF Pro's is that large: check that the base URL is the JAMF Pro server itself, and what "
    "stands in front of it."
)
_REMEDIES = {
    ConnectionTrouble.CONNECTING: "Check the JAMF base URL, name resolution, proxy and firewall, "
    "then run again.",
    ConnectionTrouble.CERTIFICATE: "Certificates are always verified: if the server's is issued by "
    "your own authority, name that authority's certificate file in SSL_CERT_FILE.",
    ConnectionTrouble.WAITING: "The server hangs or is overloaded: run again later.",
    ConnectionTrouble.DROPPED: "Something between here and the server breaks connections: check "
    "proxy and load balancer, then run again.",
}


_REMEDIES_BEHIND_A_PROXY = {
    ConnectionTrouble.CONNECTING: "Check the proxy (HTTPS_PROXY or ALL_PROXY) and whether it lets this machine reach "
    "JAMF; or name the server in NO_PROXY to go round it.",
    ConnectionTrouble.CERTIFICATE: "Certificates are always verified: if the proxy opens connections and shows "
    "certificates of its own, or the server's is issued by your own authority, name that authority's certificate file "
    "in SSL_CERT_FILE.",
}


def usable_base_url(text: str) -> httpx.URL:
    """Check a base URL.

    Raises:
        JamfAddressInvalid: it is no http(s) URL, carries credentials or a query, or is plain http
            to another machine.
    """
    remedy = "Set the JAMF base URL to something like https://example.jamfcloud.com."
    try:
        url = httpx.URL(text.strip().rstrip("/"))
    except httpx.InvalidURL:
        raise JamfAddressInvalid("The JAMF base URL is not a URL.", remedy) from None
    if url.userinfo or url.query or url.fragment:
        raise JamfAddressInvalid(
            f"The JAMF base URL for {url.host} carries credentials, a query or a fragment.", remedy
        )
    if url.scheme not in {"http", "https"} or not url.host:
        raise JamfAddressInvalid(f"The JAMF base URL {str(url)!r} is not an http(s) URL.", remedy)
    if url.scheme == "http" and not is_loopback(url.host):
        raise JamfAddressInvalid(
            f"The JAMF base URL {str(url)!r} would send credentials and inventory unencrypted.",
            "Use https; plain http is allowed to this machine only.",
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, by its name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _status_fault(answer: Answer) -> _Fault | None:
    """The fault an answer amounts to, or None if it is one to hand over."""
    is_fault = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.REQUEST_TIMEOUT,
    }
    if not is_fault:
        return None
    pushes_back = answer.status in _PUSH_BACK_STATUSES or answer.exceeds_gateway_quota
    said = f" ({answer.explanation})" if answer.explanation else ""
    return _Fault(
        seen=f"answered {answer.status}{said}",
        status=answer.status,
        pushes_back=pushes_back,
        may_lie_in_request=not pushes_back,
        retry_after_seconds=answer.retry_after_seconds,
    )


def _connection_fault(error: Exception, proxy: str | None) -> _Fault:
    """The fault a failed connection amounts to."""
    said = f"{type(error).__name__} {error}".strip()
    through = "" if proxy is None else f" through the proxy {proxy}"
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
        return _Fault(
            f"presents a TLS certificate{through} that does not verify ({said})",
            trouble=ConnectionTrouble.CERTIFICATE,
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return _Fault(f"cannot be reached{through} ({said})", trouble=ConnectionTrouble.CONNECTING)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return _Fault(
            f"gave no complete answer in time ({said})",
            trouble=ConnectionTrouble.WAITING,
            pushes_back=True,
            may_lie_in_request=True,
        )
    return _Fault(f"broke off its answer ({said})", trouble=ConnectionTrouble.DROPPED)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
