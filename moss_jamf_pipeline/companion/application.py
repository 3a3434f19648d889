"""The companion's application: where its paths lead, and what every answer carries.

`/api/integrations/jamf/…` is the API, `/jamf/…` are pages, `/webhooks/jamf/…` is where JAMF calls, `/healthz` and
`/readyz` are for whoever runs the service.
"""

import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from fastapi import FastAPI, Request, Response

from moss_jamf_pipeline import __version__
from moss_jamf_pipeline.companion import health, metrics, pages, webhooks
from moss_jamf_pipeline.companion.api import (
    configuration,
    conflicts,
    live,
    plans,
    quarantine,
    sessions,
    stories,
    syncs,
)
from moss_jamf_pipeline.companion.metrics import RequestMetrics
from moss_jamf_pipeline.companion.pages import inventory
from moss_jamf_pipeline.companion.pages.routing import PageRoute, problem_page
from moss_jamf_pipeline.companion.problems import MEDIA_TYPE, answer_problems, fault_of_ours
from moss_jamf_pipeline.companion.surroundings import Surroundings

API: Final = "/api/integrations/jamf"

_LOG: Final = logging.getLogger("moss_jamf_pipeline.companion")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # What an answer says depends on who asks; what may be kept says so itself.
    "Cache-Control": "no-store",
}


def build_application(surroundings: Surroundings) -> FastAPI:
    """The application, with what it works in.

    Args:
        surroundings: the databases, and who callers are.
    """
    application = FastAPI(
        title="M.O.S.S. and JAMF Pro",
        summary="What the sync of a M.O.S.S. inventory with JAMF Pro did, does and would do.",
        version=__version__,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    application.state.surroundings = surroundings
    application.state.requests = RequestMetrics()
    application.include_router(health.ROUTER)
    application.include_router(metrics.ROUTER)
    application.include_router(webhooks.ROUTER)
    for part in (sessions, configuration, syncs, live, plans, conflicts, quarantine, stories):
        application.include_router(part.ROUTER, prefix=API)
    for router in pages.ROUTERS:
        application.include_router(router)
    # Whatever is to answer below /jamf/ goes before this.
    application.include_router(pages.ELSEWHERE)
    if surroundings.shows_inventory:
        application.include_router(inventory.ROUTER)
    application.middleware("http")(_accompany)
    answer_problems(application)
    application.add_exception_handler(Exception, _answer_fault)
    application.openapi = lambda: _description(application)  # type: ignore[method-assign]
    return application


def _description(application: FastAPI) -> dict[str, Any]:
    """The description of the API: every answer that is a problem is one of that form."""
    if application.openapi_schema is None:
        described = FastAPI.openapi(application)
        problem = {"$ref": "#/components/schemas/ProblemDocument"}
        for methods in described["paths"].values():
            for operation in methods.values():
                for status, answer in operation["responses"].items():
                    if status >= "4":
                        answer["content"] = {MEDIA_TYPE: {"schema": problem}}
    return cast("dict[str, Any]", application.openapi_schema)


def _answer_fault(request: Request, error: Exception) -> Response:
    """Answers what nobody foresaw, as a page to whoever asked for one; nothing else adds the headers then."""
    problem = fault_of_ours(error)
    headers = {**_HEADERS, "X-Request-Id": request.state.request_id}
    if isinstance(request.scope.get("route"), PageRoute):
        return problem_page(request, problem, headers)
    return problem.response(request, headers)


async def _accompany(
    request: Request, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Gives a request its id, and its answer what every answer carries; notes both in the log."""
    given = request.headers.get("x-request-id", "")
    request.state.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    began = time.monotonic()
    response = await answer(request)
    response.headers["X-Request-Id"] = request.state.request_id
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    seconds = time.monotonic() - began
    request.app.state.requests.note(
        request.method, _route_of(request), response.status_code, seconds
    )
    _LOG.info(
        "%s %s %s in %.0f ms, request %s",
        *(request.method, request.url.path, response.status_code),
        *(1000 * seconds, request.state.request_id),
    )
    return response


def _route_of(request: Request) -> str:
    """The path of a request with its parameters' names; `(none)` where no route took it."""
    declared = getattr(request.scope.get("route"), "path", None)
    if declared is None:
        return "(none)"
    # A router that is included under a prefix knows its own part of the path only.
    asked, known = request.url.path.split("/"), str(declared).strip("/").split("/")
    return "/".join([*asked[: len(asked) - len(known)], *known])
