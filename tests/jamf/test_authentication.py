"""How tokens are obtained, renewed and refused, and that no secret shows anywhere."""

import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.jamf import (
    ClientCredentials,
    CollectionName,
    JamfAnswerInvalid,
    JamfClient,
    JamfCredentialsRejected,
    UserCredentials,
)
from moss_jamf_pipeline.simulator.configuration import SimulatorConfig
from moss_jamf_pipeline.simulator.server import SimulatorServer
from tests.jamf.support import (
    ODD_CREDENTIALS,
    ODD_SERVER,
    ODD_TOKEN,
    QUICK,
    OddNetwork,
    client_of,
    read_now,
    run,
)

UUID = "2f0cf3b6-71ab-4a3e-9f0e-7b2a64d1c908"


async def version_of(client: JamfClient) -> str:
    async with client:
        return str(await client.server_version())


@pytest.mark.parametrize("status", [400, 401])
def test_a_wrong_client_secret_is_told_as_such(status: int) -> None:
    config = SimulatorConfig(computers=1, invalid_client_status=status)
    with SimulatorServer(config) as server:
        credentials = ClientCredentials(UUID, SecretStr("wrong-secret"))
        with pytest.raises(JamfCredentialsRejected) as caught:
            run(version_of(JamfClient(server.base_url, credentials, limits=QUICK)))
    assert "API client" in str(caught.value)
    assert "user name" not in str(caught.value)
    assert not caught.value.is_transient


def token_server(answer: httpx.Response, *, path: str = "") -> OddNetwork:
    """A server whose token endpoint answers this; others under `path` are not there."""

    def handle(request: httpx.Request) -> httpx.Response:
        if "token" in request.url.path:
            return answer if request.url.path.endswith(path) else httpx.Response(404)
        return httpx.Response(200, json={"version": "11.30.1"})

    return OddNetwork(handle)


def odd_token_client(
    answer: httpx.Response,
    *,
    credentials: ClientCredentials | UserCredentials = ODD_CREDENTIALS,
    path: str = "",
) -> JamfClient:
    transport = token_server(answer, path=path)
    return JamfClient(ODD_SERVER, credentials, limits=QUICK, transport=transport)


def test_an_older_servers_token_path_is_found() -> None:
    answer = httpx.Response(200, json={"access_token": ODD_TOKEN, "expires_in": 1199})
    assert run(version_of(odd_token_client(answer, path="/api/oauth/token"))) == "11.30.1"


def test_an_expired_password_is_told_as_such() -> None:
    body = {"httpStatus": 401, "errors": [{"code": "USER_EXPIRED_PASSWORD"}]}
    client = odd_token_client(
        httpx.Response(401, json=body), credentials=UserCredentials("jdoe", SecretStr("old"))
    )
    with pytest.raises(JamfCredentialsRejected, match="expired"):
        run(version_of(client))


def test_a_server_without_token_endpoints_is_no_wrong_password() -> None:
    with pytest.raises(JamfAnswerInvalid, match=r"10\.49"):
        run(version_of(odd_token_client(httpx.Response(404))))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"Location": "https://sso.example.org/login?SAMLRequest=x"}),
        httpx.Response(200, html="<html><title>Sign in</title></html>"),
        httpx.Response(200, json={"token_type": "Bearer"}),
        httpx.Response(418),
    ],
)
def test_what_is_no_token_is_no_jamf(answer: httpx.Response) -> None:
    with pytest.raises(JamfAnswerInvalid, match="base URL") as caught:
        run(version_of(odd_token_client(answer)))
    assert "SAMLRequest" not in str(caught.value)


@pytest.mark.parametrize("lifetime", [None, 0, -5, 3, 60, 1199])
def test_a_token_of_any_lifetime_serves_at_least_one_request(lifetime: int | None) -> None:
    body = {"access_token": ODD_TOKEN, "expires_in": lifetime}
    assert run(version_of(odd_token_client(httpx.Response(200, json=body)))) == "11.30.1"


def test_the_end_of_a_user_token_is_read_on_the_servers_clock() -> None:
    server_now = datetime.now(UTC) - timedelta(days=400)
    issued = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal issued
        if request.url.path == "/api/v1/auth/token":
            issued += 1
            expires = f"{server_now + timedelta(minutes=20):%Y-%m-%dT%H:%M:%S.6Z}"
            headers = {"Date": format_datetime(server_now, usegmt=True)}
            return httpx.Response(
                200, json={"token": ODD_TOKEN, "expires": expires}, headers=headers
            )
        if request.url.path == "/api/v1/jamf-pro-version":
            return httpx.Response(200, json={"version": "11.30.1"})
        return httpx.Response(200, json=[])

    credentials = UserCredentials("jdoe", SecretStr("password"))
    transport = OddNetwork(handle)
    read_now(
        JamfClient(ODD_SERVER, credentials, limits=QUICK, transport=transport),
        CollectionName.GROUPS,
    )
    assert issued == 1


def test_no_secret_shows_in_logs_errors_or_representations(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ["s3cret", "pa55word", ODD_TOKEN]
    shown: list[str] = []

    def echo(request: httpx.Request) -> httpx.Response:
        sent = request.content.decode() + " s3cret pa55word"
        body = {"error": "invalid_client", "error_description": f"bad: {sent}"}
        return httpx.Response(401, content=json.dumps(body))

    credentials: list[ClientCredentials | UserCredentials] = [
        ClientCredentials(UUID, SecretStr("s3cret")),
        UserCredentials("jdoe", SecretStr("pa55word")),
    ]
    for own in credentials:
        shown.append(repr(own))
        secret = own.client_secret if isinstance(own, ClientCredentials) else own.password
        client = JamfClient(ODD_SERVER, own, limits=QUICK, transport=OddNetwork(echo))
        with pytest.raises(JamfCredentialsRejected) as caught:
            run(version_of(client))
        message = repr(caught.value) + str(caught.value)
        assert secret.get_secret_value() not in message

    granted = odd_token_client(
        httpx.Response(200, json={"access_token": ODD_TOKEN, "expires_in": 60})
    )
    run(version_of(granted))
    shown.append(repr(granted) + repr(vars(granted)))
    with SimulatorServer(SimulatorConfig(computers=1)) as server:
        secrets.append(server.client_secret)
        read_now(client_of(server))
    for secret_text in secrets:
        assert secret_text not in caplog.text
        assert secret_text not in "".join(shown)
    assert "Bearer" not in caplog.text
    assert "eyJ" not in caplog.text
