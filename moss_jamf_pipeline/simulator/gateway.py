"""The simulated server as the Jamf Platform gateway shows it: other paths, other tokens, other words of refusal.

The gateway stands in front of the endpoints of a JAMF Pro server and changes nothing of what they answer. What it does
itself is here: it gives tokens at its root, wants to be told whose data is meant, publishes the newest version of each
endpoint only, and says in codes of its own what it refuses. Its errors are JSON without blanks, with a `traceId`.
"""

import base64
import binascii
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs, unquote_plus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from moss_jamf_pipeline.simulator.configuration import GatewayConfig
from moss_jamf_pipeline.simulator.responses import (
    CONTROL_PREFIX,
    GATEWAY_SCOPE_KEY,
    authentication_failed,
    bad_permissions,
    gateway_error,
    json_response,
)
from moss_jamf_pipeline.simulator.simulator import Simulator

_TOKEN_PATH: Final = "/auth/token"  # noqa: S105 - a path
_SPELLINGS: Final = (("/pro/", "/api/"), ("/proclassic/", "/JSSResource/"))
_HEADERS: Final = {"environment": "x-environment-id", "tenant": "x-tenant-id"}


class GatewayMiddleware:
    """Lets through what the gateway lets through, by the paths of the server behind it."""

    def __init__(
        self, app: ASGIApp, simulator: Simulator, gateway: GatewayConfig, routes: Sequence[Route]
    ) -> None:
        self._app = app
        self._simulator = simulator
        self._gateway = gateway
        self._published = _newest_of_each(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers what the gateway answers itself, and hands on the rest."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if scope["path"] == _TOKEN_PATH and scope["method"] == "POST":
            await (await self._token(request))(scope, receive, send)
            return
        inner = _behind(scope)
        if inner is None:
            await PlainTextResponse("404 page not found", 404)(scope, receive, send)
            return
        refusal = self._refusal(request, inner)
        if refusal is None:
            await self._app(inner, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, request: Request, inner: Scope) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return json_response({"httpStatus": 401, "message": "unauthorized access"}, status=401)
        if self._simulator.tokens.session(token.strip()) is None:
            return authentication_failed()
        refusal = self._out_of_scope(request)
        if refusal is not None:
            return refusal
        if not any(route.matches(inner)[0] is Match.FULL for route in self._published):
            return bad_permissions()
        largest, size = self._gateway.largest_page, request.query_params.get("page-size", "")
        if largest is not None and size.isdecimal() and int(size) > largest:
            return gateway_error(
                400, "INVALID_PAGE_SIZE", f"The page size must not exceed {largest}", "page-size"
            )
        return None

    def _out_of_scope(self, request: Request) -> Response | None:
        given = {
            kind: request.headers[header]
            for kind, header in _HEADERS.items()
            if header in request.headers
        }
        if len(given) != 1:
            return gateway_error(
                400, "REQUEST_CONTEXT_NOT_PROVIDED", "The request context could not be detected."
            )
        ((kind, wanted),) = given.items()
        is_own = secrets.compare_digest(wanted.lower(), self._gateway.scope_id)
        if kind != self._gateway.scope or (kind == "tenant" and not is_own):
            return gateway_error(403, "OWNERSHIP_FORBIDDEN", "Access to the resource is forbidden.")
        return None if is_own else gateway_error(404, "NOT_FOUND", "No such environment.")

    async def _token(self, request: Request) -> Response:
        """Client credentials, in the form or as HTTP Basic. Whose data is meant is not asked here."""
        form = {
            name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()
        }
        if form.get("grant_type") != "client_credentials":
            return json_response({"error": "unsupported_grant_type"}, status=400)
        client_id, secret = _basic(request) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        client = self._simulator.config.clients.get(client_id)
        if client is None or not secrets.compare_digest(
            client.client_secret.get_secret_value().encode(), secret.encode()
        ):
            return json_response(
                {
                    "error": "invalid_client",
                    "error_description": "Invalid client or Invalid client credentials",
                },
                status=401,
            )
        lifetime = (
            self._simulator.faults.token_lifetime_seconds or self._gateway.token_lifetime_seconds
        )
        token = self._simulator.tokens.issue(
            client_id, "API_CLIENT", self._gateway.privileges, lifetime, is_opaque=True
        )
        return json_response(
            {
                "access_token": token,
                "expires_in": lifetime,
                "refresh_expires_in": 0,
                "token_type": "Bearer",
                "scope": "",
            }
        )


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _behind(scope: Scope) -> Scope | None:
    """The request as the JAMF Pro server gets it; None: the gateway leads that path nowhere."""
    path: str = scope["path"]
    for spelled, own in _SPELLINGS:
        if path.startswith(spelled):
            led = own + path.removeprefix(spelled)
            return {**scope, "path": led, "raw_path": led.encode(), GATEWAY_SCOPE_KEY: True}
    return None


def _newest_of_each(routes: Sequence[Route]) -> list[Route]:
    """The routes without those of which there is a newer version."""
    newest: dict[str, int] = {}
    for route in routes:
        version, rest = _versioned(route.path)
        newest[rest] = max(version, newest.get(rest, 0))
    return [
        route for route in routes if _versioned(route.path)[0] == newest[_versioned(route.path)[1]]
    ]


def _versioned(path: str) -> tuple[int, str]:
    """The version of an endpoint, and the endpoint without it; 0: it has none."""
    prefix, _, rest = path.removeprefix("/api/v").partition("/")
    return (int(prefix), rest) if path.startswith("/api/v") and prefix.isdecimal() else (0, path)
