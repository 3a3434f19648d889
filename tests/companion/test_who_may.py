"""Who may call what: every endpoint, for everybody there is."""

import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from moss_jamf_pipeline.services import callers
from moss_jamf_pipeline.services.callers import Role
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.companion.conftest import API, Companion, in_days, problem
from tests.support.auth_js import COOKIE, session_of

_PARAMETERS = {
    "device_id": "1",
    "object_id": "0b8b7f5e-4c55-4b8c-9d3e-0d2f3a1c7e11",
    "plan_id": "1",
    "conflict_id": "1",
    "quarantine_id": "1",
    "view": "field",
    "sought": "nobody",
}
_BODIES: Mapping[str, Any] = {
    f"{API}/config": {"is_enabled": True},
    f"{API}/conflicts/resolve": {"resolution": "keep_moss", "conflict_ids": [1]},
    f"{API}/conflicts/reopen": {"conflict_ids": [1]},
    f"{API}/conflicts/{{conflict_id}}/resolve": {"resolution": "keep_moss"},
}
# All others that only look are for everybody who is signed in; all others that change something for administrators.
_OF_ADMINISTRATORS = {
    ("GET", f"{API}/config"),
    ("GET", f"{API}/quarantine/{{quarantine_id}}"),
}
_OF_SUPER_ADMINISTRATORS = {("POST", f"{API}/config"), ("POST", f"{API}/test-connection")}
_FOR_NOBODY_IN_PARTICULAR = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
# No person and no token of one is let in here, only JAMF with a secret of its own (test_webhooks).
_FOR_JAMF = {("POST", "/webhooks/jamf/{integration}")}


@pytest.fixture
def endpoints(companion: Companion) -> dict[tuple[str, str], Role | None]:
    """Every endpoint that the service describes, with the least role that may call it; None: anybody."""
    described = companion.client().get(f"{API}/openapi.json").json()["paths"]
    found: dict[tuple[str, str], Role | None] = {}
    for path, methods in described.items():
        for method in methods:
            key = (method.upper(), path)
            if key in _FOR_JAMF:
                continue
            found[key] = (
                None
                if key in _FOR_NOBODY_IN_PARTICULAR
                else Role.SUPER_ADMIN
                if key in _OF_SUPER_ADMINISTRATORS
                else Role.ADMIN
                if method != "get" or key in _OF_ADMINISTRATORS
                else Role.USER
            )
    return found


def _call(client: httpx.Client, method: str, path: str) -> int:
    address = re.sub(r"{(\w+)}", lambda found: _PARAMETERS[found[1]], path)
    return client.request(method, address, json=_BODIES.get(path)).status_code


def _statuses(
    client: httpx.Client, endpoints: Mapping[tuple[str, str], Role | None]
) -> dict[tuple[str, str], int]:
    return {key: _call(client, *key) for key in endpoints}


@pytest.mark.parametrize(
    ("name", "role"),
    [("user", Role.USER), ("admin", Role.ADMIN), ("super_admin", Role.SUPER_ADMIN)],
)
def test_who_is_signed_in_may_what_the_role_says(
    companion: Companion,
    endpoints: Mapping[tuple[str, str], Role | None],
    name: str,
    role: Role,
) -> None:
    client = companion.signed_in(name)
    for key, least in endpoints.items():
        status = _call(client, *key)
        if least is None or role >= least:
            assert status not in {401, 403, 422, 500}, (key, status)
        else:
            assert status == 403, (key, status)


def test_nobody_else_may_anything(
    companion: Companion, endpoints: Mapping[tuple[str, str], Role | None]
) -> None:
    moss = companion.moss
    nobodies = {
        "anonymous": companion.client(),
        "expired": companion.signed_in(
            "admin", session=session_of(moss.users["admin"], expires_in_days=-0.01)
        ),
        "forged": companion.signed_in(
            "admin",
            session=session_of(moss.users["admin"], secret="another secret of 40 characters, long"),
        ),
        "deactivated": companion.signed_in("deactivated"),
        "revoked token": companion.bearer(moss.token("admin", ["admin"], is_active=False)),
        "expired token": companion.bearer(
            moss.token("admin", ["admin"], expires_at=in_days(-0.01))
        ),
        "token of somebody deactivated": companion.bearer(moss.token("deactivated", ["admin"])),
        "token of no scope": companion.bearer(moss.token("admin", [])),
        "token of no list of scopes": companion.bearer(moss.token("admin", {"admin": True})),
        "invented token": companion.bearer("moss_" + "A" * 32),
        "long token": companion.bearer("moss_" + "A" * 200),
        "invented token of ours": companion.bearer("jamfadmin_" + "A" * 43),
    }
    closed = {key: least for key, least in endpoints.items() if least is not None}
    for name, client in nobodies.items():
        # One is enough: who somebody is, is asked in one place. Each failure counts towards the limit.
        key = ("POST", f"{API}/sync") if name != "anonymous" else None
        for each in [key] if key else closed:
            status = _call(client, *each)
            assert status == 401, (name, each, status)
    for key, least in endpoints.items():
        if least is None:
            assert _call(companion.client(), *key) == 200


def test_where_jamf_calls_nobody_else_is_let_in(companion: Companion) -> None:
    for client in (companion.client(), companion.signed_in("super_admin")):
        for method, path in _FOR_JAMF:
            assert client.request(method, path.format(integration="jamf_pro")).status_code == 401


def test_what_a_role_may_is_read_again_at_each_request(companion: Companion) -> None:
    client = companion.signed_in("admin")
    assert client.post(f"{API}/sync-users").status_code == 202
    companion.moss.connection.execute("update users set role = 'user' where role = 'admin'")
    assert client.post(f"{API}/sync-users").status_code == 403
    companion.moss.connection.execute("update users set is_active = false")
    assert client.get(f"{API}/sync-status").status_code == 401


@pytest.mark.parametrize(
    ("owner", "scopes", "role"),
    [
        ("super_admin", ["read", "write", "admin"], "super_admin"),
        ("admin", ["admin"], "admin"),
        ("admin", ["read", "write"], "user"),
        ("user", ["read"], "user"),
        ("user", ["admin"], "user"),
    ],
)
def test_a_token_may_what_its_scopes_and_its_owner_may_and_its_use_is_counted(
    companion: Companion, owner: str, scopes: list[str], role: str
) -> None:
    moss = companion.moss
    client = companion.bearer(moss.token(owner, scopes, expires_at=in_days(1)))
    assert client.get(f"{API}/session").json() == {
        "name": f"{owner}@example.com",
        "role": role,
        "user_id": str(moss.users[owner]),
        "csrf_token": "",
    }
    client.get(f"{API}/session")
    used = moss.connection.execute(
        "select usage_count, last_used_ip, last_used_at is not null from api_tokens"
    ).fetchone()
    assert used == (2, "127.0.0.1", True)


def test_our_own_token_is_an_administrator_until_the_next_one_is_made(
    companion: Companion,
) -> None:
    with Workplace(Settings(moss_database_url=companion.moss.url)) as workplace:
        token = callers.new_token(workplace, "ada")
        assert companion.bearer(token).post(f"{API}/sync").status_code == 202
        assert companion.bearer(callers.new_token(workplace, "ada")).get(
            f"{API}/session"
        ).json() == {
            "name": "the companion's administrator",
            "role": "super_admin",
            "user_id": None,
            "csrf_token": "",
        }
    assert companion.bearer(token).post(f"{API}/sync").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
    ids=str,
)
def test_what_another_site_has_a_browser_send_changes_nothing(
    companion: Companion, headers: dict[str, str]
) -> None:
    meant = companion.signed_in("admin")
    forged = companion.client(**headers)
    forged.cookies = meant.cookies
    # Even with the token, which no other site can read.
    forged.headers["X-CSRF-Token"] = meant.headers["X-CSRF-Token"]
    answer = forged.post(f"{API}/sync")
    assert (answer.status_code, problem(answer)["type"]) == (
        403,
        "urn:moss-jamf:problem:may-be-forged",
    )
    assert companion.starter.orders == []


@pytest.mark.parametrize("token", ["", "0" * 64, "of somebody else", "é"])
def test_a_form_without_the_session_s_own_token_changes_nothing(
    companion: Companion, token: str
) -> None:
    client = companion.signed_in("admin")
    other = companion.signed_in("super_admin").headers["X-CSRF-Token"]
    given = other if token == "of somebody else" else token
    client.headers.update({b"X-CSRF-Token": given.encode()})
    assert client.post(f"{API}/sync").status_code == 403
    assert companion.starter.orders == []


def test_an_origin_of_the_same_host_is_as_good_as_what_newer_browsers_say(
    companion: Companion,
) -> None:
    client = companion.signed_in("admin")
    del client.headers["Sec-Fetch-Site"]
    client.headers["Origin"] = companion.url
    assert client.post(f"{API}/sync").status_code == 202


def test_who_guesses_has_to_wait_and_others_need_not(companion: Companion) -> None:
    guessing = companion.bearer("moss_" + "A" * 32)
    statuses = [guessing.get(f"{API}/session").status_code for _ in range(25)]
    assert (statuses[0], statuses[-1]) == (401, 429)
    answer = guessing.get(f"{API}/session")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    # A proxy that is trusted says who asks; the address that guessed waits, right or wrong.
    elsewhere = companion.signed_in("user")
    elsewhere.headers["X-Forwarded-For"] = "192.0.2.7"
    assert elsewhere.get(f"{API}/session").status_code == 200


def test_pieces_of_a_long_cookie_are_one_session(companion: Companion) -> None:
    token = session_of(companion.moss.users["user"])
    client = companion.client()
    middle = len(token) // 2
    client.cookies.set(f"{COOKIE}.0", token[:middle])
    client.cookies.set(f"{COOKIE}.1", token[middle:])
    assert client.get(f"{API}/session").json()["role"] == "user"
