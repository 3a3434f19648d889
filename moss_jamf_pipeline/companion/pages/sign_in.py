"""Signing in with the companion's own token, and out again. Who is signed in to M.O.S.S. needs neither."""

import re
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Form, Query, Request, Response

from moss_jamf_pipeline.companion.identity.callers import OWN_COOKIE, Viewer, require_own_token
from moss_jamf_pipeline.companion.pages.routing import (
    open_router,
    router,
    sign_in_page,
    turned_to,
)
from moss_jamf_pipeline.companion.problems import Refused

OPEN = open_router()
ROUTER = router()

_HOURS: Final = 12
_OF_OURS: Final = re.compile(r"/jamf/[\x21-\x5b\x5d-\x7e]*")
"""A path below /jamf/, on this host: no second slash at the beginning, and none turned round."""

Wanted = Annotated[str, Form(max_length=2000)]


@OPEN.get("/sign-in", name="page_sign_in")
def sign_in(
    request: Request, wanted: Annotated[str, Query(alias="next", max_length=2000)] = "/jamf/"
) -> Response:
    """Asks who somebody is."""
    return sign_in_page(request, wanted=_ours(wanted))


@OPEN.post("/sign-in")
def signed_in(
    request: Request, token: Annotated[str, Form(max_length=500)] = "", wanted: Wanted = "/jamf/"
) -> Response:
    """Signs in whoever has the companion's own token."""
    try:
        require_own_token(request, token.strip())
    except Refused as error:
        if error.problem.status != HTTPStatus.UNAUTHORIZED:
            raise
        return sign_in_page(
            request,
            status=HTTPStatus.UNAUTHORIZED,
            wanted=_ours(wanted),
            message=error.problem.message,
        )
    response = turned_to(_ours(wanted))
    response.set_cookie(
        OWN_COOKIE,
        token.strip(),
        max_age=_HOURS * 3600,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


@ROUTER.post("/sign-out", name="page_sign_out")
def sign_out(_viewer: Viewer) -> Response:
    """Signs out whoever signed in here."""
    response = turned_to("/jamf/sign-in")
    response.delete_cookie(OWN_COOKIE, path="/", httponly=True, samesite="strict")
    return response


def _ours(wanted: str) -> str:
    """Where to go after signing in: a page of ours, and never another site's."""
    return wanted if _OF_OURS.fullmatch(wanted) else "/jamf/"
