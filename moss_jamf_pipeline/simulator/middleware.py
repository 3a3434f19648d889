"""What happens around every request: counting, the cluster's headers and cookie, faults of the transport.

Plain ASGI, so that a fault can stop in the middle of a body. `/simulator/*` is never counted and never struck.
"""

import asyncio
import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moss_jamf_pipeline.simulator.faults import (
    DroppedConnection,
    Faults,
    ServerError,
    TruncatedBody,
    WrongContentType,
)
from moss_jamf_pipeline.simulator.responses import (
    CONTROL_PREFIX,
    JamfError,
    classic_error,
    json_response,
)
from moss_jamf_pipeline.simulator.simulator import Simulator

NODE_SCOPE_KEY = "simulator.node_name"
LATENCY_SCOPE_KEY = "simulator.latency"
_COOKIE = "jpro-ingress"


class RequestLogMiddleware:
    """Counts every request of a JAMF client."""

    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self._app = app
        self._log = simulator.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts a request from its arrival until its answer is sent."""
        if not _is_from_a_client(scope):
            await self._app(scope, receive, send)
            return
        status: int | None = None

        async def counting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._log.begin()
        try:
            # Lets requests that have arrived on other connections be counted before this one is answered.
            await asyncio.sleep(0)
            await self._app(scope, receive, counting_send)
        finally:
            self._log.end(scope["method"], scope["path"], status)


class ClusterMiddleware:
    """Chooses the node that answers, and adds the headers that every JAMF Cloud answer has."""

    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self._app = app
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sets the node's name in the scope and the headers on the answer."""
        if not _is_from_a_client(scope):
            await self._app(scope, receive, send)
            return
        cookies = {
            name: value
            for header, text in scope["headers"]
            if header == b"cookie"
            for name, value in cookie_parser(text.decode("latin-1")).items()
        }
        cookie = cookies.get(_COOKIE)
        name = scope[NODE_SCOPE_KEY] = self._simulator.node_name(cookie)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["server"] = "Jamf Cloud Node"
                headers["cache-control"] = "no-cache, no-store, must-revalidate"
                headers["strict-transport-security"] = "max-age=31536000 ; includeSubDomains"
                headers["x-frame-options"] = "DENY"
                headers["x-content-type-options"] = "nosniff"
                if cookie != name:
                    secure = "; Secure" if scope["scheme"] == "https" else ""
                    headers.append(
                        "set-cookie", f"{_COOKIE}={name}; Path=/; HttpOnly; SameSite=Lax{secure}"
                    )
            await send(message)

        await self._app(scope, receive, send_with_headers)


class FaultMiddleware:
    """Carries out the faults that need no knowledge of the answer's meaning."""

    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self._app = app
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers late, answers an error, or damages the answer on its way out."""
        if not _is_from_a_client(scope):
            await self._app(scope, receive, send)
            return
        faults, path = self._simulator.faults, scope["path"]
        latency = faults.latency
        if latency is not None and latency.strikes(path):
            scope[LATENCY_SCOPE_KEY] = latency
            await asyncio.sleep(latency.seconds_before(self._simulator.requests.in_flight))
        refusal = _refusal(faults, path)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        damage = _damage(faults, path)
        await self._app(scope, receive, send if damage is None else _damaging_send(send, damage))


def _is_from_a_client(scope: Scope) -> bool:
    return scope["type"] == "http" and not scope["path"].startswith(CONTROL_PREFIX)


def _refusal(faults: Faults, path: str) -> Response | None:
    limited = faults.rate_limited
    if limited is not None and limited.strikes(path):
        wait = limited.retry_after_seconds
        headers = {} if wait is None else {"Retry-After": str(wait)}
        return json_response({"httpStatus": 429, "errors": []}, status=429, headers=headers)
    error = faults.server_error
    if error is not None and error.strikes(path):
        return _server_error(error)
    if faults.log_in_page is not None and faults.log_in_page.strikes(path):
        return HTMLResponse("<!DOCTYPE html><title>Log in</title><form method=post></form>")
    return None


def _server_error(error: ServerError) -> Response:
    if error.body == "apigee_quota":
        fault = {
            "faultstring": "Rate limit quota violation. Quota limit exceeded.",
            "detail": {"errorcode": "policies.ratelimit.QuotaViolation"},
        }
        return json_response({"fault": fault}, status=error.status)
    if error.body == "html":
        return classic_error(error.status)
    if error.body == "empty":
        return Response(status_code=error.status)
    cause = JamfError(
        error.status, "INTERNAL_SERVER_ERROR", "The server could not answer", field=""
    )
    causes = cause.causes if error.body == "api_error" else []
    trace = {"traceId": secrets.token_hex(8)} if error.body == "api_error" else {}
    return json_response(
        {"httpStatus": error.status, "errors": causes, **trace}, status=error.status
    )


def _damage(
    faults: Faults, path: str
) -> DroppedConnection | TruncatedBody | WrongContentType | None:
    for knob in (faults.dropped_connection, faults.truncated_body, faults.wrong_content_type):
        if knob is not None and knob.strikes(path):
            return knob
    return None


def _damaging_send(
    send: Send, damage: DroppedConnection | TruncatedBody | WrongContentType
) -> Send:
    """Wraps `send` for one answer. Every answer of the simulator has its body in one message."""
    start: Message = {}

    async def damaging_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        headers = MutableHeaders(scope=start)
        body: bytes = message.get("body", b"")
        if isinstance(damage, WrongContentType):
            headers["content-type"] = damage.content_type
            await send(start)
            await send(message)
            return
        part = body[: int(len(body) * damage.fraction)]
        if isinstance(damage, TruncatedBody):
            headers["content-length"] = str(len(part))
            await send(start)
            await send({"type": "http.response.body", "body": part, "more_body": False})
            return
        # The announced length stays, and the body never ends: the server closes the connection when the
        # application returns without completing its answer.
        await send(start)
        await send({"type": "http.response.body", "body": part, "more_body": True})

    return damaging_send
