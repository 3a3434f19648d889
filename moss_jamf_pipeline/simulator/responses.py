"""Answers in JAMF's forms: JSON, and the two kinds of error body.

The Pro API answers errors as an `ApiError` object, the Classic API as an HTML status page.
"""

import secrets
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

CLASSIC_PREFIX = "/JSSResource"
CONTROL_PREFIX = "/simulator"
GATEWAY_SCOPE_KEY = "simulator.gateway"
"""In the scope of a request that came through the gateway."""


class JamfError(Exception):
    """Ends a request with an error answer.

    Attributes:
        status: the HTTP status.
        code: the error's code in a Pro API body; None for a body without causes.
        description: for people.
        field: the parameter at fault.
    """

    def __init__(
        self, status: int, code: str | None = None, description: str = "", field: str | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {description}")
        self.status = status
        self.code = code
        self.description = description
        self.field = field

    @property
    def causes(self) -> list[dict[str, str | None]]:
        """The `errors` of a Pro API body."""
        if self.code is None:
            return []
        return [
            {"code": self.code, "description": self.description, "id": "0", "field": self.field}
        ]


def invalid_token() -> JamfError:
    """The token is missing, malformed, expired or revoked: JAMF does not say which."""
    return JamfError(401, "INVALID_TOKEN", "Unauthorized")


def invalid_privilege() -> JamfError:
    """The token is good and its owner may not do this."""
    return JamfError(403, "INVALID_PRIVILEGE", "Forbidden")


def not_found(description: str = "Not Found") -> JamfError:
    """The path or the record does not exist on this server."""
    return JamfError(404, "NOT_FOUND", description, field="id")


def json_response(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer of the Pro API."""
    return json_bytes(orjson.dumps(value), status=status, headers=headers)


def json_bytes(
    body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer of the Pro API that is serialised already."""
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def error_response(request: Request, error: JamfError) -> Response:
    """The error body that the API which was asked uses.

    Args:
        request: tells the API.
        error: what to say.

    Returns:
        An `ApiError` object, or for the Classic API an HTML status page; what the gateway says itself, as it says it.
    """
    if request.scope.get(GATEWAY_SCOPE_KEY):
        if error.code == "INVALID_TOKEN":
            return authentication_failed()
        if error.code == "INVALID_PRIVILEGE":
            return bad_permissions()
    if request.url.path.startswith(CLASSIC_PREFIX):
        return classic_error(error.status)
    return json_response({"httpStatus": error.status, "errors": error.causes}, status=error.status)


def gateway_error(status: int, code: str, description: str, field: str = "") -> Response:
    """An error that the gateway answers itself."""
    cause = {"code": code, "field": field, "description": description, "id": ""}
    return json_response(
        {"httpStatus": status, "traceId": secrets.token_hex(16), "errors": [cause]}, status=status
    )


def bad_permissions() -> Response:
    """The integration lacks a permission, or the gateway does not publish the endpoint: it does not say which."""
    return gateway_error(403, "BAD_PERMISSIONS", "Insufficient permissions to perform the action")


def authentication_failed() -> Response:
    """The token is none, or none for this product: the gateway does not say which."""
    return PlainTextResponse("Authentication failed", 401)


def classic_error(status: int) -> Response:
    """The HTML status page of the Classic API."""
    phrase = HTTPStatus(status).phrase
    reason = {
        401: "The request requires user authentication",
        404: "The server has not found anything matching the request URI",
        405: "The specified HTTP method is not allowed for the requested resource",
    }.get(status, HTTPStatus(status).description or phrase)
    body = (
        "<html>\n<head>\n   <title>Status page</title>\n</head>\n"
        '<body style="font-family: sans-serif;">\n'
        f'<p style="font-size: 1.2em;font-weight: bold;margin: 1em 0px;">{phrase}</p>\n<p>{reason}</p>\n'
        "</body>\n</html>\n"
    )
    return Response(body, status_code=status, media_type="text/html")
