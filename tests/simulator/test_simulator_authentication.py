"""Tokens over HTTP: how they are got, what they allow, how they end."""

import re

import httpx
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.simulator import READ_PRIVILEGES, ApiClient, Faults, SimulatorServer
from tests.simulator.clients import StartServer, client_of, token_of

INVALID_TOKEN = {
    "httpStatus": 401,
    "errors": [{"code": "INVALID_TOKEN", "description": "Unauthorized", "id": "0", "field": None}],
}


@pytest.mark.parametrize("path", ["/api/oauth/token", "/api/v1/oauth/token"])
def test_an_api_client_gets_a_bearer_token(server: SimulatorServer, path: str) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }
    document = httpx.post(f"{server.base_url}{path}", data=form).json()
    assert set(document) == {"access_token", "token_type", "scope", "expires_in"}
    assert document["token_type"] == "Bearer"
    assert document["expires_in"] == 1199
    assert document["access_token"].count(".") == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"scope": "api-role:99"}, "invalid_scope"),
    ],
)
def test_token_errors_have_the_shape_of_rfc_6749(
    server: SimulatorServer, changes: dict[str, str], error: str
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        **changes,
    }
    answer = httpx.post(f"{server.base_url}/api/v1/oauth/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert "httpStatus" not in answer.json()


def test_the_status_of_a_wrong_secret_can_be_the_observed_one(start_server: StartServer) -> None:
    server = start_server(invalid_client_status=401)
    answer = httpx.post(
        f"{server.base_url}/api/oauth/token",
        data={"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"},
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_account_gets_renews_and_ends_its_token(server: SimulatorServer) -> None:
    first = httpx.post(
        f"{server.base_url}/api/v1/auth/token", auth=(server.username, server.password)
    ).json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,3}Z", first["expires"])
    with httpx.Client(base_url=server.base_url) as client:
        renewed = client.post(
            "/api/v1/auth/keep-alive", headers={"Authorization": f"Bearer {first['token']}"}
        ).json()
        old = client.get("/api/v1/auth", headers={"Authorization": f"Bearer {first['token']}"})
        assert old.status_code == 401
        client.headers["Authorization"] = f"Bearer {renewed['token']}"
        assert client.get("/api/v1/auth").json()["authenticationType"] == "JSS"
        assert client.post("/api/v1/auth/invalidate-token").status_code == 204
        assert client.get("/api/v1/auth").status_code == 401


@pytest.mark.parametrize("credentials", [("nobody", "x"), ("simulated-account", "wrong")])
def test_a_wrong_password_is_an_invalid_token(
    server: SimulatorServer, credentials: tuple[str, str]
) -> None:
    answer = httpx.post(f"{server.base_url}/api/v1/auth/token", auth=credentials)
    assert (answer.status_code, answer.json()) == (401, INVALID_TOKEN)


def test_a_client_token_cannot_be_renewed(jamf: httpx.Client) -> None:
    assert jamf.post("/api/v1/auth/keep-alive").status_code == 403


def test_it_says_whose_token_it_is_and_what_it_allows(jamf: httpx.Client) -> None:
    document = jamf.get("/api/v1/auth").json()
    assert document["authenticationType"] == "CLIENT_CREDENTIALS"
    privileges = {
        name for names in document["account"]["privilegesBySite"].values() for name in names
    }
    assert privileges == READ_PRIVILEGES


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic c29tZTpvbmU=", "Bearer"])
def test_a_missing_or_malformed_token_is_invalid(
    server: SimulatorServer, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = httpx.get(f"{server.base_url}/api/v4/computers-inventory", headers=headers)
    assert (answer.status_code, answer.json()) == (401, INVALID_TOKEN)


@pytest.mark.parametrize(
    ("privilege", "path"),
    [
        ("Read Computers", "/api/v4/computers-inventory"),
        ("Read Computers", "/api/v4/computers-inventory/1"),
        ("Read User", "/api/v1/users"),
        ("Read Buildings", "/api/v1/buildings"),
        ("Read Departments", "/api/v1/departments"),
        ("Read Sites", "/api/v1/sites"),
        ("Read Static Computer Groups", "/api/v1/computer-groups"),
        ("Read Smart Computer Groups", "/api/v3/computer-groups/smart-groups"),
    ],
)
def test_a_missing_privilege_is_forbidden(
    start_server: StartServer, privilege: str, path: str
) -> None:
    weak = ApiClient(
        client_id="weak", client_secret=SecretStr("s"), privileges=READ_PRIVILEGES - {privilege}
    )
    server = start_server(additional_clients=(weak,))
    with client_of(server, client_id="weak", client_secret="s") as client:
        answer = client.get(path)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["code"] == "INVALID_PRIVILEGE"
        assert client.get("/api/v1/jamf-pro-version").status_code == 200


def test_a_privilege_that_is_taken_away_is_missing_at_once(start_server: StartServer) -> None:
    server = start_server()
    with client_of(server) as client:
        assert client.get("/api/v1/users").status_code == 200
        server.set_faults(Faults(removed_privileges=frozenset({"Read User"})))
        assert client.get("/api/v1/users").status_code == 403


def test_all_groups_shows_the_kinds_that_the_caller_may_read(start_server: StartServer) -> None:
    weak = ApiClient(
        client_id="weak",
        client_secret=SecretStr("s"),
        privileges=frozenset({"Read Static Computer Groups"}),
    )
    server = start_server(additional_clients=(weak,))
    with client_of(server, client_id="weak", client_secret="s") as client:
        results = client.get("/api/v2/groups").json()["results"]
    assert results
    assert not any(group["smart"] for group in results)


def test_putting_the_fault_ends_every_token_and_new_ones_work(start_server: StartServer) -> None:
    server = start_server()
    with client_of(server) as client:
        answer = client.put("/simulator/faults", json={"expire_tokens_now": True})
        assert answer.json()["expire_tokens_now"] is False
        assert client.get("/api/v1/auth").json() == INVALID_TOKEN
    with client_of(server) as client:
        assert client.get("/api/v1/auth").status_code == 200


def test_an_injected_token_lifetime_is_told_in_expires_in(start_server: StartServer) -> None:
    server = start_server()
    server.set_faults(Faults(token_lifetime_seconds=60))
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }
    assert httpx.post(f"{server.base_url}/api/oauth/token", data=form).json()["expires_in"] == 59


def test_an_old_server_knows_no_api_clients(start_server: StartServer) -> None:
    server = start_server(version="10.48.2")
    answer = httpx.post(f"{server.base_url}/api/oauth/token", data={})
    assert answer.status_code == 404
    basic = httpx.post(
        f"{server.base_url}/api/v1/auth/token", auth=(server.username, server.password)
    )
    assert basic.status_code == 200


def test_tokens_are_many_at_once(server: SimulatorServer) -> None:
    assert token_of(server) != token_of(server)


def test_no_secret_is_in_the_configurations_text(server: SimulatorServer) -> None:
    text = f"{server.config!r} {server.config}"
    assert server.client_secret not in text
    assert server.password not in text
