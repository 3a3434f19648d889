"""Who a request is from, and whether they may: what endpoints and pages declare that they need.

A header `Authorization: Bearer` counts before cookies: an API token of M.O.S.S., or the companion's own. A cookie is
M.O.S.S.'s session, or the companion's own where an administrator signed in with its token.
"""

import hashlib
import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from moss_jamf_pipeline.companion.identity import forms
from moss_jamf_pipeline.companion.identity.sessions import COOKIE_NAMES
from moss_jamf_pipeline.companion.problems import Refused
from moss_jamf_pipeline.companion.surroundings import Surroundings, surroundings_of
from moss_jamf_pipeline.moss.users import Whereabouts
from moss_jamf_pipeline.services import callers
from moss_jamf_pipeline.services.callers import Caller, Role

OWN_COOKIE: Final = "moss-jamf-administrator"
"""The cookie of whoever signed in with the companion's own token."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ROLE_WORDS: Final = {
    Role.USER: "a log-in of M.O.S.S.",
    Role.ADMIN: "an administrator of M.O.S.S.",
    Role.SUPER_ADMIN: "a super administrator of M.O.S.S.",
}

_BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="An API token of M.O.S.S. (`moss_…`), or the companion's own (`moss-jamf serve --new-token`).",
)
_SESSION: Final = APIKeyCookie(
    name=COOKIE_NAMES[0],
    auto_error=False,
    scheme_name="session",
    description="M.O.S.S.'s own session. A request that changes something also carries the header X-CSRF-Token, which "
    "`GET /api/integrations/jamf/session` tells, and comes from a page of the same origin.",
)


@dataclass(frozen=True, slots=True)
class Presence:
    """A caller, and by what they are known.

    Attributes:
        caller: who.
        form_token: what their forms carry; empty if they are known by a header.
        whereabouts: where the request came from.
    """

    caller: Caller
    form_token: str
    whereabouts: Whereabouts


def presence_of(request: Request) -> Presence | None:
    """Who a request is from; None if it says nothing of it that holds.

    Raises:
        Refused: the address failed too often, or the request changes something and may be forged.
    """
    surroundings = surroundings_of(request)
    whereabouts = whereabouts_of(request)
    _require_patience(surroundings, whereabouts.address)
    authorization = request.headers.get("authorization")
    found: Presence | None
    if authorization is not None:
        caller = _of_header(surroundings, authorization, whereabouts.address)
        found = None if caller is None else Presence(caller, "", whereabouts)
        has_tried = True
    else:
        found, has_tried = _of_cookies(surroundings, request, whereabouts)
    if found is None:
        if has_tried:
            surroundings.failed_log_ins.note(whereabouts.address)
        return None
    if found.form_token and request.method not in _SAFE:
        _require_meant(request, found)
    return found


def require_own_token(request: Request, token: str) -> None:
    """Lets pass who signs in on a page with the companion's own token.

    There is no session yet that a form could be bound to: that a page of this origin sent it has to do, and does, as
    nothing is signed in by it that its sender could not sign in to.

    Raises:
        Refused: it is another token, the form comes from elsewhere, or the address failed too often.
    """
    surroundings = surroundings_of(request)
    address = whereabouts_of(request).address
    _require_patience(surroundings, address)
    if not forms.is_from_here(request):
        raise _may_be_forged()
    if callers.of_own_token(surroundings.workplace, token) is None:
        surroundings.failed_log_ins.note(address)
        raise Refused(
            HTTPStatus.UNAUTHORIZED,
            "not-signed-in",
            "This is not the companion's administrator token.",
            "`moss-jamf serve --new-token` makes one, in place of any before.",
        )


def whereabouts_of(request: Request) -> Whereabouts:
    """Where a request came from."""
    address = request.client.host if request.client is not None else ""
    return Whereabouts(address, request.headers.get("user-agent", ""))


def present(
    request: Request,
    _token: Annotated[object, Security(_BEARER)] = None,
    _session: Annotated[object, Security(_SESSION)] = None,
) -> Presence:
    """Who a request is from: what every endpoint needs that is not for everybody.

    Raises:
        Refused: it says nothing of it that holds, or as of `presence_of`.
    """
    found = presence_of(request)
    if found is None:
        raise Refused(
            HTTPStatus.UNAUTHORIZED,
            "not-signed-in",
            "It is not known who asks: the request carries no session or token that holds.",
            "Sign in to M.O.S.S., or send an API token of yours as `Authorization: Bearer …`.",
            {"WWW-Authenticate": 'Bearer realm="moss-jamf"'},
        )
    return found


def needed(role: Role) -> Callable[[Presence], Presence]:
    """What an endpoint depends on that only some may call.

    Args:
        role: the least of it.
    """

    def allowed(presence: Annotated[Presence, Depends(present)]) -> Presence:
        if presence.caller.role < role:
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "not-allowed",
                f"{presence.caller.name} may not do this: it needs {_ROLE_WORDS[role]}.",
                "Ask one; or, with an API token, use one whose scopes have `admin`.",
            )
        return presence

    return allowed


Viewer = Annotated[Presence, Depends(present)]
"""Whoever has an active log-in of M.O.S.S."""

Administrator = Annotated[Presence, Depends(needed(Role.ADMIN))]
"""Who starts syncs, approves, resolves and reverts."""

SuperAdministrator = Annotated[Presence, Depends(needed(Role.SUPER_ADMIN))]
"""Who configures."""


def _of_header(surroundings: Surroundings, authorization: str, address: str) -> Caller | None:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        return None
    workplace = surroundings.workplace
    return callers.of_own_token(workplace, token) or callers.of_moss_token(
        workplace, token, address
    )


def _of_cookies(
    surroundings: Surroundings, request: Request, whereabouts: Whereabouts
) -> tuple[Presence | None, bool]:
    """Who the cookies are of, and whether there were any."""
    has_tried = False
    own = request.cookies.get(OWN_COOKIE)
    if own is not None:
        has_tried = True
        caller = callers.of_own_token(surroundings.workplace, own)
        if caller is not None:
            key = hashlib.sha256(own.encode()).digest()
            return Presence(caller, forms.form_token(key, "own"), whereabouts), True
    if surroundings.sessions is not None and any(
        name.startswith(COOKIE_NAMES) for name in request.cookies
    ):
        has_tried = True
        session = surroundings.sessions.read(request.cookies)
        caller = (
            None if session is None else callers.of_session(surroundings.workplace, session.user_id)
        )
        if session is not None and caller is not None:
            token = forms.form_token(surroundings.sessions.form_key, session.token_id)
            return Presence(caller, token, whereabouts), True
    return None, has_tried


def _require_patience(surroundings: Surroundings, address: str) -> None:
    seconds = surroundings.failed_log_ins.seconds_to_wait(address)
    if seconds > 0:
        raise Refused(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-failures",
            "Too many requests from this address carried no session or token that holds.",
            f"Try again in {math.ceil(seconds)} seconds.",
            {"Retry-After": str(math.ceil(seconds))},
        )


def _require_meant(request: Request, presence: Presence) -> None:
    given = str(request.headers.get(forms.HEADER) or getattr(request.state, "form_token", ""))
    if not forms.is_from_here(request) or not hmac.compare_digest(
        given.encode(), presence.form_token.encode()
    ):
        raise _may_be_forged()


def _may_be_forged() -> Refused:
    return Refused(
        HTTPStatus.FORBIDDEN,
        "may-be-forged",
        "The request may have been sent by another site: it changes something, and does not carry what a page of "
        "this one would send along.",
        f"Reload the page and try again. A program sends an API token, or the header {forms.HEADER}.",
    )
