"""What all endpoints have in common: entity tags, cursors, and how problems are described."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from moss_jamf_pipeline.companion.identity.callers import present
from moss_jamf_pipeline.companion.problems import MEDIA_TYPE, ProblemDocument, Refused
from moss_jamf_pipeline.services.pages import Page, PageRequest

ItemT = TypeVar("ItemT")

_MEANINGS: Final = {
    400: "The body of the request cannot be read.",
    401: "It is not known who asks.",
    403: "Whoever asks may not do this, or the request may be forged.",
    404: "There is no such integration or object.",
    409: "It cannot be done as things are; `remedy` says what to do.",
    422: "The request is not as described here.",
    429: "Too many requests of this address carried no session or token that holds.",
    502: "JAMF Pro does not answer or refuses.",
    503: "A database or Dagster is away, or not prepared.",
}


class TaggedRoute(APIRoute):
    """A route whose answers to GET carry an entity tag: who has the answer already is told so with 304."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, with the tag put on what it answers."""
        handle = super().get_route_handler()

        async def handle_tagged(request: Request) -> Response:
            _require_said_once(request)
            response = await handle(request)
            if request.method != "GET" or response.status_code != HTTPStatus.OK:
                return response
            tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
            response.headers.setdefault("ETag", tag)
            response.headers.setdefault("Cache-Control", "private, no-cache")
            given = request.headers.get("if-none-match", "")
            known = {each.strip().removeprefix("W/") for each in given.split(",")}
            if response.headers["ETag"] not in known:
                return response
            kept = {
                name: response.headers[name]
                for name in ("etag", "cache-control")
                if name in response.headers
            }
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)

        return handle_tagged


def _require_said_once(request: Request) -> None:
    """Ends what says one thing twice: which of both is meant, nobody knows.

    Raises:
        Refused: a parameter of the address is given twice.
    """
    given = [name for name, _ in request.query_params.multi_items()]
    repeated = next((name for name in given if given.count(name) > 1), None)
    if repeated is not None:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "repeated-parameter",
            f"The parameter {repeated!r} is given more than once.",
            "Give it once.",
        )


def router(tag: str, *problems: int) -> APIRouter:
    """A router of the API, whose endpoints are for whoever is signed in to M.O.S.S., at least.

    Args:
        tag: the heading of its endpoints in the description.
        problems: the statuses that they answer besides those that every one does.
    """
    statuses = sorted({400, 401, 403, 404, 409, 422, 429, 503, *problems})
    return APIRouter(
        tags=[tag],
        route_class=TaggedRoute,
        dependencies=[Depends(present)],
        responses={
            status: {
                "description": _MEANINGS[status],
                "model": ProblemDocument,
                "content": {MEDIA_TYPE: {}},
            }
            for status in statuses
        },
    )


class Listed(BaseModel, Generic[ItemT]):
    """A page of a list."""

    items: tuple[ItemT, ...]
    total: int = Field(description="How many there are in all pages.")
    next_cursor: str | None = Field(
        description="Where the next page begins, to be given as `cursor`; null: this is the last."
    )


def listed(page: Page[ItemT]) -> Listed[ItemT]:
    """A page of a service as the API presents it."""
    end = page.offset + len(page.items)
    following = cursor_at(end) if page.items and end < page.total else None
    return Listed(items=page.items, total=page.total, next_cursor=following)


def cursor_at(position: int) -> str:
    """A cursor; what is in it is nobody's business."""
    return base64.urlsafe_b64encode(f"at {position}".encode()).decode().rstrip("=")


def position_of(cursor: str | None) -> int:
    """What `cursor_at` put into a cursor; 0 for none.

    Raises:
        Refused: it is no cursor of ours.
    """
    if cursor is None:
        return 0
    try:
        word, _, number = (
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        )
        position = int(number)
    except (binascii.Error, ValueError):
        word, position = "", -1
    if word != "at" or not 0 <= position <= _FURTHEST:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-cursor",
            "The cursor is none that this API gave.",
            "Leave it out to begin with the first page.",
        )
    return position


_FURTHEST: Final = 2**53

LimitAsked = Annotated[int, Query(ge=1, le=500, description="How many items at most.")]
CursorAsked = Annotated[
    str | None, Query(max_length=100, description="`next_cursor` of the page before.")
]


def page_asked(limit: LimitAsked = 50, cursor: CursorAsked = None) -> PageRequest:
    """The page that a request asks for."""
    return PageRequest(limit=limit, offset=position_of(cursor))
