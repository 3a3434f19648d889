"""The endpoints that give, renew and end tokens, and say whose they are.

API clients get theirs by OAuth client credentials, with the errors of RFC 6749; user accounts by basic authentication.
"""

import base64
import binascii
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from moss_jamf_pipeline.simulator.configuration import ApiClient
from moss_jamf_pipeline.simulator.endpoints import Call, guarded
from moss_jamf_pipeline.simulator.responses import JamfError, invalid_token, json_response
from moss_jamf_pipeline.simulator.simulator import Simulator, simulator_of
from moss_jamf_pipeline.simulator.versions import OAUTH_CLIENTS, JamfVersion


async def _client_token(request: Request) -> Response:
    """Client credentials: a form with `grant_type`, `client_id`, `client_secret` and perhaps `scope`."""
    simulator = simulator_of(request)
    form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
    if "grant_type" not in form:
        return _oauth_error("invalid_request", "grant_type is missing")
    if form["grant_type"] != "client_credentials":
        return _oauth_error("unsupported_grant_type", "Only client_credentials is supported")
    client = _known_client(simulator, form)
    if client is None:
        return _oauth_error(
            "invalid_client",
            "Client authentication failed",
            status=simulator.config.invalid_client_status,
        )
    own_scopes = [f"api-role:{role_id}" for role_id in client.role_ids]
    scopes = form.get("scope", "").split() or own_scopes
    if not set(scopes).issubset(own_scopes):
        return _oauth_error("invalid_scope", "The client does not have the requested role")
    lifetime = simulator.faults.token_lifetime_seconds or simulator.config.token_lifetime_seconds
    token = simulator.tokens.issue(client.client_id, "API_CLIENT", client.privileges, lifetime)
    return json_response(
        {
            "access_token": token,
            "token_type": "Bearer",
            "scope": " ".join(scopes),
            # JAMF shows one second less than the lifetime that is set.
            "expires_in": max(lifetime - 1, 1),
        }
    )


def _known_client(simulator: Simulator, form: dict[str, str]) -> ApiClient | None:
    client = simulator.config.clients.get(form.get("client_id", ""))
    if client is None:
        return None
    is_right = secrets.compare_digest(
        client.client_secret.get_secret_value().encode(), form.get("client_secret", "").encode()
    )
    return client if is_right else None


def _oauth_error(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status=status)


async def _account_token(request: Request) -> Response:
    """Basic authentication of a user account."""
    simulator = simulator_of(request)
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        username, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise invalid_token() from None
    config = simulator.config
    is_right = secrets.compare_digest(
        username.encode(), config.username.encode()
    ) and secrets.compare_digest(password.encode(), config.password.get_secret_value().encode())
    if scheme.lower() != "basic" or not is_right:
        raise invalid_token()
    return _account_token_answer(simulator)


async def _renewed_token(call: Call) -> Response:
    """A new token for an account; the old one ends. API clients have no such thing."""
    if call.session.owner != "ACCOUNT":
        raise JamfError(403, "INVALID_PRIVILEGE", "Tokens of API clients cannot be renewed")
    call.simulator.tokens.revoke(_bearer_token(call))
    return _account_token_answer(call.simulator)


async def _ended_token(call: Call) -> Response:
    call.simulator.tokens.revoke(_bearer_token(call))
    return Response(status_code=204)


def _account_token_answer(simulator: Simulator) -> Response:
    config = simulator.config
    lifetime = simulator.faults.token_lifetime_seconds or config.account_token_lifetime_seconds
    token = simulator.tokens.issue(config.username, "ACCOUNT", config.privileges, lifetime)
    expires = datetime.now(UTC) + timedelta(seconds=lifetime)
    # One to three fractional digits, as JAMF writes them: trailing zeros are dropped.
    fraction = f"{expires.microsecond // 1000:03d}".rstrip("0") or "0"
    return json_response({"token": token, "expires": f"{expires:%Y-%m-%dT%H:%M:%S}.{fraction}Z"})


def _bearer_token(call: Call) -> str:
    return call.request.headers["authorization"].partition(" ")[2].strip()


async def _who_am_i(call: Call) -> Response:
    """Whose token it is, and what it allows."""
    is_client = call.session.owner == "API_CLIENT"
    return json_response(
        {
            "account": {
                "id": "7" if is_client else "2",
                "username": call.session.subject,
                "realName": "",
                "email": "",
                "preferences": {
                    "language": "en",
                    "dateFormat": "MM/dd/yyyy",
                    "region": "Europe",
                    "timezone": "Etc/GMT",
                    "disableRelativeDates": False,
                },
                "multiSiteAdmin": False,
                "accessLevel": "FullAccess",
                "privilegeSet": "CUSTOM",
                "privilegesBySite": {"-1": sorted(call.simulator.privileges_of(call.session))},
                "groupIds": [],
                "currentSiteId": "-1",
                "currentDivisionId": None,
            },
            "accountGroups": [],
            "sites": [],
            "authenticationType": "CLIENT_CREDENTIALS" if is_client else "JSS",
        }
    )


def routes(release: JamfVersion) -> list[Route]:
    """The routes of one release.

    Args:
        release: the JAMF Pro release; API clients exist since 10.49.

    Returns:
        The routes.
    """
    oauth_paths = ("/api/oauth/token", "/api/v1/oauth/token") if release >= OAUTH_CLIENTS else ()
    return [
        *(Route(path, _client_token, methods=["POST"]) for path in oauth_paths),
        Route("/api/v1/auth/token", _account_token, methods=["POST"]),
        Route("/api/v1/auth/keep-alive", guarded(_renewed_token), methods=["POST"]),
        Route("/api/v1/auth/invalidate-token", guarded(_ended_token), methods=["POST"]),
        Route("/api/v1/auth", guarded(_who_am_i)),
    ]
