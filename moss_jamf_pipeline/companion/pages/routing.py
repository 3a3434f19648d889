"""What all pages have in common: who may see them, what their forms carry, and that what goes wrong is a page, too."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final

import psycopg
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from moss_jamf_pipeline.companion.identity import forms
from moss_jamf_pipeline.companion.identity.callers import Viewer
from moss_jamf_pipeline.companion.pages.presentation import Frame, page
from moss_jamf_pipeline.companion.problems import Problem, Refused, problem_in
from moss_jamf_pipeline.companion.surroundings import surroundings_of
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.pages import Page, PageRequest
from moss_jamf_pipeline.settings import SettingsContradictory

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_BYTES: Final = 256_000
_ANSWERED: Final = (
    *(Refused, RequestValidationError, HTTPException, ProblemFound),
    *(psycopg.Error, *EXPLAINED),
)

_HEADINGS: Final = {
    HTTPStatus.FORBIDDEN: "That is not allowed",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.CONFLICT: "That cannot be done as things are",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request is not understood",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts",
    HTTPStatus.INTERNAL_SERVER_ERROR: "That went wrong",
    HTTPStatus.BAD_GATEWAY: "JAMF Pro does not answer",
    HTTPStatus.SERVICE_UNAVAILABLE: "Something that is needed is away",
}


class PageRoute(APIRoute):
    """A route whose answers are pages, whatever goes wrong."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, which reads forms first: what they carry says whether a request was meant."""
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            try:
                if request.method == "POST":
                    await _take_form(request)
                return await handle(request)
            except _ANSWERED as error:
                if isinstance(error, SettingsContradictory) and _may_choose(request):
                    return page(request, "choose.html", status=HTTPStatus.MULTIPLE_CHOICES)
                found = problem_in(error)
                if found is None:
                    raise
                return problem_page(request, *found)

        return handle_page


def router() -> APIRouter:
    """A router of pages that are for whoever is signed in to M.O.S.S., at least."""
    return APIRouter(
        prefix="/jamf",
        route_class=PageRoute,
        dependencies=[Depends(_noticed)],
        include_in_schema=False,
    )


def open_router() -> APIRouter:
    """A router of pages that are for everybody."""
    return APIRouter(prefix="/jamf", route_class=PageRoute, include_in_schema=False)


def problem_page(request: Request, problem: Problem, headers: dict[str, str]) -> Response:
    """What went wrong, as a page; for whoever is not signed in, the one to do so."""
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return sign_in_page(request, status=problem.status)
    return page(
        request,
        "problem.html",
        status=problem.status,
        headers=headers,
        heading=_HEADINGS.get(problem.status, problem.status.phrase),
        message=scrubbed(problem.message),
        remedy=scrubbed(problem.remedy),
        request_id=request.state.request_id,
    )


def sign_in_page(
    request: Request,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    wanted: str | None = None,
    message: str = "",
) -> Response:
    """The page to sign in on.

    Args:
        request: that is answered.
        status: of the answer.
        wanted: where to go after that; None: to the page that was asked for.
        message: what was wrong with the token that was given.
    """
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if wanted is None:
        wanted = here if request.method == "GET" else "/jamf/"
    return page(
        request,
        "sign_in.html",
        status=status,
        wanted=wanted,
        message=message,
        knows_moss=surroundings_of(request).sessions is not None,
        # A strict cookie does not come along from there: the person may be signed in all the same.
        came_from_elsewhere=request.headers.get("sec-fetch-site") == "cross-site",
    )


def turned_to(address: str) -> Response:
    """Sends a browser that sent a form on to a page, so that reloading it sends nothing again."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def page_number(number: int, per_page: int) -> PageRequest:
    """A page of a list by its number, from 1."""
    return PageRequest(limit=per_page, offset=(number - 1) * per_page)


def pages_in(found: Page[Any]) -> int:
    """How many pages a list has, at least 1."""
    return max(1, -(-found.total // found.limit))


PageNumber = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]
Reason = Annotated[str, Form(max_length=2000)]


def _noticed(request: Request, viewer: Viewer) -> None:
    request.state.presence = viewer


def _may_choose(request: Request) -> bool:
    """Whether a page was asked for without saying of which of several integrations."""
    return (
        request.method == "GET"
        and not request.query_params.get("integration")
        and Frame(request).has_several
    )


async def _take_form(request: Request) -> None:
    """Reads a form, and takes from it what says that the request was meant.

    Raises:
        Refused: it is no form, or too long.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "no-form",
            f"Pages take forms, and not {kind or 'what has no content type'}.",
            "A program uses the API, under /api/integrations/jamf.",
        )
    length = request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit() or int(length) > _MOST_BYTES:
        raise Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "form-too-long",
            "The form is longer than any of these pages, or does not say how long it is.",
        )
    form = await request.form(max_files=0)
    request.state.form_token = str(form.get(forms.FIELD, ""))
