"""JAMF read through the Jamf Platform gateway: the same data, other paths, other words of refusal."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.jamf import (
    SERVER,
    ClientCredentials,
    CollectionName,
    ComputerNow,
    Connection,
    Gateway,
    JamfAddressInvalid,
    JamfAnswerInvalid,
    JamfClient,
    JamfCredentialsRejected,
    JamfEnvironmentRefused,
    JamfError,
    JamfPrivilegeMissing,
    Scope,
    Section,
    UserCredentials,
)
from moss_jamf_pipeline.jamf.answers import Answer
from moss_jamf_pipeline.jamf.connections import Region, scope_of
from moss_jamf_pipeline.simulator import (
    PERMISSIONS,
    Faults,
    GatewayConfig,
    RejectedTokens,
    SimulatorConfig,
    SimulatorServer,
)
from tests.jamf.support import (
    ODD_CREDENTIALS,
    ODD_TOKEN,
    QUICK,
    OddNetwork,
    Reading,
    client_of,
    read,
    run,
)

_ENVIRONMENT = GatewayConfig().scope_id
_OTHER = "00000000-1111-2222-3333-444444444444"
_OWN = Scope("environment", _ENVIRONMENT)
_CLIENT = SecretStr("simulated-client-secret")
_EU = "https://eu.api.jamfcloud.com"


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    """A JAMF Pro server that is asked itself."""
    config = SimulatorConfig(computers=230, groups=15, seed=11)
    with SimulatorServer(config) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(server: SimulatorServer) -> Iterator[SimulatorServer]:
    """The gateway in front of the same fleet."""
    with SimulatorServer(SimulatorConfig(gateway=GatewayConfig()), fleet=server.fleet) as running:
        yield running


def through(
    gateway: SimulatorServer,
    scope: Scope | None = _OWN,
    secret: SecretStr = _CLIENT,
    **limits: Any,
) -> JamfClient:
    """A client of a simulated gateway."""
    return JamfClient(
        gateway.base_url,
        ClientCredentials(gateway.client_id, secret),
        connection=Gateway(scope),
        limits=replace(QUICK, **limits),
    )


def odd_gateway(answer: httpx.Response, asked: list[httpx.Request] | None = None) -> JamfClient:
    """A client of a gateway that gives a token, and then one answer to everything."""

    def handle(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        if request.url.path == "/auth/token":
            body = {"access_token": ODD_TOKEN, "expires_in": 900}
            return httpx.Response(200, json=body, headers={"Set-Cookie": "jpro-ingress=a; Path=/"})
        return answer

    return JamfClient(
        _EU,
        ODD_CREDENTIALS,
        connection=Gateway(Scope("environment", _ENVIRONMENT)),
        limits=QUICK,
        transport=OddNetwork(handle),
    )


async def everything(client: JamfClient) -> dict[CollectionName, Reading]:
    async with client:
        found = {}
        for collection in CollectionName:
            sweep = client.sweep(collection)
            found[collection] = Reading([page async for page in sweep], sweep.summary)
        return found


async def version_of(client: JamfClient) -> str:
    async with client:
        return str(await client.server_version())


async def now(client: JamfClient, jamf_id: str, *sections: Section) -> ComputerNow:
    async with client:
        return await client.computer_now(jamf_id, sections)


def test_what_comes_through_the_gateway_is_byte_by_byte_what_the_server_sends(
    server: SimulatorServer, gateway: SimulatorServer
) -> None:
    gateway.reset_requests()
    itself = run(everything(client_of(server)))
    led = run(everything(through(gateway)))
    assert {name: reading.records for name, reading in led.items()} == {
        name: reading.records for name, reading in itself.items()
    }
    for name, reading in led.items():
        assert reading.records or not itself[name].records
        # Captures know their endpoints, so that one who moves to the gateway reads on incrementally.
        assert replace(reading.summary, requests=0, bytes_received=0) == replace(
            itself[name].summary, requests=0, bytes_received=0
        )
    asked = gateway.requests.paths
    assert all(path.split()[1].startswith(("/pro/v", "/auth/token")) for path in asked)
    assert gateway.requests.of("/auth/token") == 1


def test_a_tenant_of_an_older_integration_is_named_by_its_own_header(
    server: SimulatorServer,
) -> None:
    config = SimulatorConfig(gateway=GatewayConfig(scope="tenant", scope_id=_OTHER))
    with SimulatorServer(config, fleet=server.fleet) as gateway:
        assert run(version_of(through(gateway, Scope("tenant", _OTHER)))).startswith("11.30")
        with pytest.raises(JamfEnvironmentRefused, match="the integration is not for tenant"):
            run(version_of(through(gateway, Scope("tenant", _ENVIRONMENT))))


@pytest.mark.parametrize(
    ("scope", "said", "remedy"),
    [
        (None, "it is not told which environment is meant", "JAMF_ENVIRONMENT_ID"),
        (Scope("tenant", _ENVIRONMENT), "the integration is not for tenant", "neither is taken"),
        (Scope("environment", _OTHER), f"does not know the environment {_OTHER}", "the region"),
    ],
)
def test_whose_data_is_meant_is_said_or_told(
    gateway: SimulatorServer, scope: Scope | None, said: str, remedy: str
) -> None:
    with pytest.raises(JamfEnvironmentRefused) as refused:
        run(version_of(through(gateway, scope)))
    assert said in refused.value.happened
    assert remedy in refused.value.remedy
    assert not refused.value.is_transient


def test_a_missing_permission_is_named_as_jamf_account_names_it(server: SimulatorServer) -> None:
    config = SimulatorConfig(
        gateway=GatewayConfig(permissions=frozenset(PERMISSIONS) - {"users:read", "buildings:read"})
    )

    async def gaps(client: JamfClient) -> dict[str, tuple[str, ...]]:
        async with client:
            return {gap.endpoint: gap.privileges for gap in await client.missing_privileges()}

    with SimulatorServer(config, fleet=server.fleet) as gateway:
        assert run(gaps(through(gateway))) == {
            "/pro/v1/users": ("Users (users:read)",),
            "/pro/v1/buildings": ("Organizational context > Buildings (buildings:read)",),
        }
        with pytest.raises(JamfPrivilegeMissing) as refused:
            run(read(through(gateway), CollectionName.BUILDINGS))
    assert 'In Jamf Account, give the integration "Organizational context > Buildings' in (
        refused.value.remedy
    )
    assert "does not publish" in refused.value.remedy


def test_only_the_newest_version_of_an_endpoint_is_asked_for(server: SimulatorServer) -> None:
    # Behind the gateway is a JAMF Pro that has none of it: no older one is tried, which would be "forbidden".
    config = SimulatorConfig(version="11.25", gateway=GatewayConfig())
    with SimulatorServer(config, fleet=server.fleet) as gateway:
        with pytest.raises(JamfPrivilegeMissing, match="does not publish"):
            run(read(through(gateway), CollectionName.COMPUTERS))
        assert gateway.requests.of("/pro/v4/computers-inventory") == 1
        assert gateway.requests.of("/pro/v3/computers-inventory") == 0


def test_a_secret_that_has_ended_is_told_with_its_six_months(gateway: SimulatorServer) -> None:
    with pytest.raises(JamfCredentialsRejected) as refused:
        run(version_of(through(gateway, secret=SecretStr("ended-half-a-year-ago"))))
    assert "gives no token to the integration: it answered 401 (invalid_client" in (
        refused.value.happened
    )
    assert "six months" in refused.value.remedy
    assert "ended-half-a-year-ago" not in str(refused.value)


def test_a_fresh_token_that_is_refused_is_told_as_the_gateway_means_it(
    server: SimulatorServer,
) -> None:
    with SimulatorServer(SimulatorConfig(gateway=GatewayConfig()), fleet=server.fleet) as gateway:
        gateway.set_faults(Faults(rejected_tokens=RejectedTokens()))
        with pytest.raises(JamfCredentialsRejected, match="whether the integration is still there"):
            run(version_of(through(gateway)))
        assert gateway.requests.of("/auth/token") == 2


def test_pages_that_the_gateway_refuses_are_read_in_smaller_ones(server: SimulatorServer) -> None:
    config = SimulatorConfig(gateway=GatewayConfig(largest_page=100))
    with SimulatorServer(config, fleet=server.fleet) as gateway:
        reading = run(read(through(gateway, page_size=500), CollectionName.COMPUTERS))
        assert gateway.requests.of("/pro/v4/computers-inventory") < 25
    assert reading.records == run(read(client_of(server), CollectionName.COMPUTERS)).records
    assert reading.summary.is_complete


def test_a_400_that_is_not_about_the_size_ends_the_reading() -> None:
    asked: list[httpx.Request] = []
    answer = httpx.Response(400, json={"httpStatus": 400, "errors": []})
    with pytest.raises(JamfAnswerInvalid, match="answered 400"):
        run(read(odd_gateway(answer, asked), CollectionName.BUILDINGS))
    assert len(asked) < 12


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (httpx.Response(404, text="404 page not found"), JamfAnswerInvalid, "leads that path"),
        (
            httpx.Response(403, html="<html><title>ERROR: blocked</title></html>"),
            JamfAnswerInvalid,
            "no permission is missing",
        ),
        (
            httpx.Response(302, headers={"Location": "https://evil.example.org/?token=1"}),
            JamfAnswerInvalid,
            "Redirects are not followed",
        ),
        (
            httpx.Response(401, text="Authentication failed"),
            JamfCredentialsRejected,
            "token of one region",
        ),
    ],
)
def test_what_stands_before_jamf_pro_is_told_apart(
    answer: httpx.Response, kind: type[JamfError], said: str
) -> None:
    asked: list[httpx.Request] = []
    with pytest.raises(kind) as refused:
        run(version_of(odd_gateway(answer, asked)))
    assert said in str(refused.value)
    assert ODD_TOKEN not in str(refused.value)
    assert ODD_CREDENTIALS.client_secret.get_secret_value() not in str(refused.value)
    for request in asked:
        assert request.url.host == "eu.api.jamfcloud.com"
        assert "cookie" not in request.headers
        is_token = request.url.path == "/auth/token"
        assert ("x-environment-id" in request.headers) is not is_token
        assert "x-tenant-id" not in request.headers


def test_user_accounts_are_refused_before_anything_is_sent() -> None:
    account = UserCredentials("someone", SecretStr("hush-hush"))
    with pytest.raises(JamfCredentialsRejected, match="takes no user names") as refused:
        JamfClient(_EU, account, connection=Gateway())
    assert "integration in Jamf Account" in refused.value.remedy
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("base_url", "connection", "said"),
    [
        ("https://example.jamfcloud.com", Gateway(), "is not Jamf's platform gateway"),
        ("https://eu.api.jamfcloud.com.example.org", Gateway(), "is not Jamf's platform gateway"),
        (f"{_EU}/pro", Gateway(), "begins at the root"),
        (_EU, SERVER, "is Jamf's platform gateway, and no JAMF Pro server"),
        ("https://APAC.API.JamfCloud.com.", SERVER, "is Jamf's platform gateway"),
    ],
)
def test_credentials_of_the_one_kind_are_never_sent_to_the_other(
    base_url: str, connection: Connection, said: str
) -> None:
    with pytest.raises(JamfAddressInvalid, match=said):
        JamfClient(base_url, ODD_CREDENTIALS, connection=connection)


def test_a_computer_is_shown_live_through_the_gateway(
    server: SimulatorServer, gateway: SimulatorServer
) -> None:
    jamf_id = next(iter(server.fleet.computers))
    wanted = (Section.STORAGE, Section.SECURITY, Section.GROUP_MEMBERSHIPS)
    itself = run(now(client_of(server), jamf_id, *wanted))
    assert run(now(through(gateway), jamf_id, *wanted)) == itself
    assert itself.sections


def test_captures_know_the_server_behind_the_gateway() -> None:
    environment = Scope("environment", _ENVIRONMENT)
    assert Gateway(environment).identity(_EU) == f"eu.api.jamfcloud.com/environment/{_ENVIRONMENT}"
    assert Gateway(environment).identity(_EU) != Gateway(Scope("environment", _OTHER)).identity(_EU)
    own = "https://example.jamfcloud.com"
    assert Gateway(environment, own).identity(_EU) == SERVER.identity(own)
    assert Gateway(environment, own).identity("http://127.0.0.1:8080") == "loopback"


@pytest.mark.parametrize(
    ("environment", "tenant", "said"),
    [
        (_ENVIRONMENT, _OTHER, "takes one"),
        ("production", None, "'production' is no environment id"),
        (None, "12", "'12' is no tenant id"),
    ],
)
def test_what_is_no_scope_is_refused(
    environment: str | None, tenant: str | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        scope_of(environment, tenant)


def test_a_scope_is_taken_as_it_was_pasted() -> None:
    assert scope_of(f" {_ENVIRONMENT.upper()}\n", None) == Scope("environment", _ENVIRONMENT)
    assert scope_of(None, _OTHER) == Scope("tenant", _OTHER)
    assert scope_of("", None) is None
    assert Region("apac").base_url == "https://apac.api.jamfcloud.com"


@pytest.mark.parametrize(("status", "waits"), [(429, 4.0), (200, None), (503, None)])
def test_too_many_requests_wait_until_the_gateway_counts_anew(
    status: int, waits: float | None
) -> None:
    sent = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    headers = {
        "Date": "Sat, 28 Nov 2026 12:00:00 GMT",
        "X-RateLimit-Reset": str(int(sent.timestamp()) + 4),
    }
    assert Answer.of(httpx.Response(status, headers=headers), b"", 0.1).retry_after_seconds == waits
