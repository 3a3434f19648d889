"""Where JAMF calls: a webhook is let in by its secret, read within bounds, stored, and answered. The rest comes later.

JAMF gives up after two seconds and does not call again, so nothing is done here but one look-up and one insert. Who is
slow to send holds no thread, and who sends no secret is refused before anything is read.
"""

import asyncio
import base64
import binascii
import math
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Security
from fastapi.security import APIKeyHeader
from fastapi.security.http import HTTPBase
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from moss_jamf_pipeline.companion.identity.callers import whereabouts_of
from moss_jamf_pipeline.companion.problems import MEDIA_TYPE, ProblemDocument, Refused
from moss_jamf_pipeline.companion.surroundings import WorkplaceNeeded, surroundings_of
from moss_jamf_pipeline.jamf.webhook_events import (
    MOST_BYTES,
    EventUnreadable,
    WebhookEvent,
    read_event,
)
from moss_jamf_pipeline.services import webhooks as service
from moss_jamf_pipeline.settings import IntegrationChoice

BODY_SECONDS: Final = 5.0
"""Within which a body has arrived; JAMF's own is there at once."""

_MEDIA_TYPES: Final = frozenset(
    {"application/json", "text/json", "application/xml", "text/xml", "text/plain", ""}
)
_RETRY_SECONDS: Final = 30
_SMALL: Final = 20_000
"""Bytes that are read at once; of more the reading would let others wait."""

_HEADER: Final = APIKeyHeader(
    name=service.HEADER,
    auto_error=False,
    scheme_name="webhook-header",
    description="A webhook secret (`moss-jamf webhooks new-secret`), as JAMF's header authentication sends it.",
)
_BASIC: Final = HTTPBase(
    scheme="basic",
    auto_error=False,
    scheme_name="webhook-basic",
    description="The same secret as the password of JAMF's basic authentication, with any user name.",
)
_MEANINGS: Final = {
    400: "The body is no event, in JSON or in XML.",
    401: "It carries no secret that holds.",
    404: "There is no such integration.",
    408: "The body did not arrive in time.",
    413: "The body is larger than any event.",
    415: "The body is of a kind that JAMF does not send.",
    429: "Too many calls of this address carried no secret that holds.",
    503: "Too much waits to be looked at, or the database is away: Retry-After says when to call again.",
}

ROUTER = APIRouter(
    tags=["webhooks"],
    responses={
        status: {
            "model": ProblemDocument,
            "description": meaning,
            "content": {MEDIA_TYPE: {}},
        }
        for status, meaning in _MEANINGS.items()
    },
)


class Received(BaseModel):
    """An event was taken."""

    event: str = Field(
        description="Which, as JAMF documents it; `unknown`: it does not.",
        examples=["ComputerInventoryCompleted"],
    )
    records: int = Field(description="Records that are looked at because of it.", examples=[1])


async def _under_way(request: Request) -> AsyncIterator[None]:
    """Counts the call while it lasts.

    Raises:
        Refused: too many are under way.
    """
    gate = surroundings_of(request).webhook_gate
    if not gate.enter():
        raise _full("Too many webhooks arrive at once.")
    try:
        yield
    finally:
        gate.leave()


def _choice(
    workplace: WorkplaceNeeded,
    integration: Annotated[
        str, Path(max_length=255, description="The integration's slug.", examples=["jamf_pro"])
    ],
) -> IntegrationChoice:
    """Which integration is called.

    Raises:
        Refused: there is none of this slug.
    """
    for choice in workplace.settings.integrations:
        if choice.slug == integration:
            return choice
    raise Refused(
        HTTPStatus.NOT_FOUND,
        "integration-unknown",
        "There is no integration of this name here.",
        "`moss-jamf webhooks` prints the address to enter in JAMF.",
    )


def _sender(
    request: Request,
    _room: Annotated[None, Depends(_under_way)],
    choice: Annotated[IntegrationChoice, Depends(_choice)],
    workplace: WorkplaceNeeded,
    _header: Annotated[object, Security(_HEADER)],
    _basic: Annotated[object, Security(_BASIC)],
) -> UUID:
    """The integration whose JAMF server calls.

    Raises:
        Refused: the call carries no secret that holds, or its address sent too many that do not.
    """
    gate, address = surroundings_of(request).webhook_gate, whereabouts_of(request).address
    secret = _secret_in(request)
    seconds = gate.seconds_to_wait(address, secret)
    if seconds > 0:
        raise Refused(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-failures",
            "Too many calls from this address carried no webhook secret that holds.",
            f"Try again in {math.ceil(seconds)} seconds.",
            {"Retry-After": str(math.ceil(seconds))},
        )
    integration_id = service.sender_of(workplace, choice, secret)
    if integration_id is None:
        gate.note_failure(address, secret)
        raise Refused(
            HTTPStatus.UNAUTHORIZED,
            "webhook-secret-wrong",
            "The call carries no webhook secret that holds.",
            f"Enter in JAMF what `moss-jamf webhooks new-secret` prints: header authentication with {service.HEADER}.",
            {"WWW-Authenticate": 'Basic realm="moss-jamf webhooks"'},
        )
    gate.note_success(secret)
    return integration_id


def _secret_in(request: Request) -> str:
    """The secret that a call carries, by either of JAMF's two ways; empty if by none."""
    given = request.headers.get(service.HEADER)
    if given is not None:
        return given.strip()
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2]


async def _event(request: Request, _sender: Annotated[UUID, Depends(_sender)]) -> WebhookEvent:
    """The event that is sent.

    Raises:
        Refused: what is sent is none, is too much, or does not arrive.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if kind not in _MEDIA_TYPES or encoding not in ("", "identity"):
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "no-event",
            "A webhook of JAMF's is JSON or XML, and not compressed.",
            "Choose JSON as the content type in JAMF.",
        )
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _body(request)
    except TimeoutError:
        raise Refused(
            HTTPStatus.REQUEST_TIMEOUT,
            "too-slow",
            f"The body did not arrive within {BODY_SECONDS:g} seconds.",
            headers={"Connection": "close"},
        ) from None
    except ClientDisconnect:
        raise Refused(HTTPStatus.BAD_REQUEST, "no-event", "The call broke off.") from None
    try:
        # A large one takes some hundredths of a second, in which others are to be answered.
        return read_event(body) if len(body) < _SMALL else await asyncio.to_thread(read_event, body)
    except EventUnreadable as error:
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            "no-event",
            f"The body is no event of JAMF Pro: {error}",
            "See in JAMF that the webhook's content type is JSON or XML.",
        ) from None


async def _body(request: Request) -> bytes:
    """The body, of which no more is taken than an event has.

    Raises:
        Refused: it is larger.
    """
    body = bytearray()
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit() or int(declared) > MOST_BYTES:
        raise _too_large()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> Refused:
    return Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "event-too-large",
        f"The body is larger than any event: {MOST_BYTES:,} bytes.",
        headers={"Connection": "close"},
    )


def _full(message: str) -> Refused:
    return Refused(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "too-much-waits",
        message,
        "Nothing is lost for good: the next sync reads what the events were about.",
        {"Retry-After": str(_RETRY_SECONDS)},
    )


@ROUTER.post("/webhooks/jamf/{integration}", status_code=HTTPStatus.ACCEPTED)
def receive(
    sender: Annotated[UUID, Depends(_sender)],
    event: Annotated[WebhookEvent, Depends(_event)],
    workplace: WorkplaceNeeded,
) -> Received:
    """Takes an event of JAMF's, in JSON or XML.

    It is a hint: the records that it names are read from JAMF, and nothing else of it counts.
    """
    if not service.store(workplace, sender, event):
        raise _full(f"{service.MOST_STORED:,} records wait to be looked at already.")
    return Received(event=event.name, records=len(event.jamf_ids) if event.record_type else 0)
