"""Credentials through the service: saved for one server, tried against it, and never in a text."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.engine.access import ConfigurationMissing
from moss_jamf_pipeline.jamf import (
    ClientCredentials,
    ConnectionKind,
    JamfCredentialsRejected,
    UserCredentials,
)
from moss_jamf_pipeline.orchestration.storage_tables import dagster_revisions
from moss_jamf_pipeline.services import credentials
from moss_jamf_pipeline.services.credentials_expiry import credentials_expiring
from moss_jamf_pipeline.services.health import examine
from moss_jamf_pipeline.services.measures import measure
from moss_jamf_pipeline.services.routes import RouteGiven
from moss_jamf_pipeline.services.status import integration_status
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import (
    PERMISSIONS,
    READ_PRIVILEGES,
    GatewayConfig,
    SimulatorConfig,
    SimulatorServer,
)
from tests.services.conftest import CHOICE

_KEY = SecretStr(base64.b64encode(bytes(range(32))).decode())


@pytest.fixture
def workplace(moss_database: str) -> Iterator[Workplace]:
    """The workplace of a door that shares the web application's key."""
    settings = Settings(moss_database_url=SecretStr(moss_database), encryption_key=_KEY)
    with Workplace(settings) as workplace:
        yield workplace


@pytest.fixture(scope="module")
def jamf() -> Iterator[SimulatorServer]:
    """A simulated JAMF Pro whose API role lacks a privilege."""
    privileges = READ_PRIVILEGES - {"Read Buildings"}
    with SimulatorServer(SimulatorConfig(computers=5, privileges=privileges)) as server:
        yield server


def _client(jamf: SimulatorServer) -> ClientCredentials:
    return ClientCredentials(jamf.client_id, SecretStr(jamf.client_secret))


def test_what_was_saved_is_what_a_sync_would_use(
    workplace: Workplace, jamf: SimulatorServer
) -> None:
    saved = credentials.save(workplace, CHOICE, _client(jamf), RouteGiven(base_url=jamf.base_url))
    assert (saved.route.base_url, saved.overriding) == (jamf.base_url, ())
    assert saved.protection.key_source == "ENCRYPTION_KEY"
    assert saved.ignored_key is None
    used = credentials.in_use(workplace, CHOICE)
    assert (used.base_url, used.kind) == (jamf.base_url, "API client")
    assert "saved in M.O.S.S." in used.source
    answer = credentials.ask_jamf(used)
    assert answer.version
    assert [gap.privileges for gap in answer.gaps] == [("Read Buildings",)]
    assert jamf.client_secret not in f"{saved}{used}{answer}"


def test_wrong_credentials_are_saved_and_then_refused_by_jamf(
    workplace: Workplace, jamf: SimulatorServer
) -> None:
    wrong = ClientCredentials(jamf.client_id, SecretStr("not-the-secret"))
    credentials.save(workplace, CHOICE, wrong, RouteGiven(base_url=jamf.base_url))
    with pytest.raises(JamfCredentialsRejected) as refused:
        credentials.ask_jamf(credentials.in_use(workplace, CHOICE))
    assert "not-the-secret" not in str(refused.value)


def test_a_server_has_to_be_known_and_the_same_everywhere(
    workplace: Workplace, moss_database: str, jamf: SimulatorServer
) -> None:
    with pytest.raises(ConfigurationMissing, match="not known which JAMF Pro server"):
        credentials.destination(workplace, CHOICE)
    credentials.save(
        workplace, CHOICE, _client(jamf), RouteGiven(base_url="https://one.example.org")
    )
    assert credentials.destination(workplace, CHOICE).base_url == "https://one.example.org"
    elsewhere = Settings(
        moss_database_url=SecretStr(moss_database),
        jamf_base_url="https://two.example.org",
        jamf_client_id="somebody",
    )
    with (
        Workplace(elsewhere) as other,
        pytest.raises(ConfigurationMissing, match=r"names https://two\.example\.org"),
    ):
        credentials.destination(other, CHOICE)


def test_what_the_environment_overrides_is_told(moss_database: str, jamf: SimulatorServer) -> None:
    settings = Settings(
        moss_database_url=SecretStr(moss_database), encryption_key=_KEY, jamf_client_id="somebody"
    )
    with Workplace(settings) as workplace:
        saved = credentials.save(
            workplace, CHOICE, _client(jamf), RouteGiven(base_url=jamf.base_url)
        )
    assert saved.overriding == ("JAMF_CLIENT_ID",)


@pytest.fixture(scope="module")
def gateway() -> Iterator[SimulatorServer]:
    """Jamf's platform gateway, whose integration may not read buildings."""
    permissions = frozenset(PERMISSIONS) - {"buildings:read"}
    config = SimulatorConfig(computers=5, gateway=GatewayConfig(permissions=permissions))
    with SimulatorServer(config) as server:
        yield server


def _led(gateway: SimulatorServer) -> RouteGiven:
    return RouteGiven(
        kind=ConnectionKind.PLATFORM,
        base_url=gateway.base_url,
        environment_id=GatewayConfig().scope_id,
    )


def test_an_integration_of_the_platform_is_saved_used_and_told_of_in_time(
    workplace: Workplace, gateway: SimulatorServer, moss_database: str
) -> None:
    saved = credentials.save(workplace, CHOICE, _client(gateway), _led(gateway))
    today = datetime.now(UTC).date()
    assert saved.end_on is not None
    assert 180 < (saved.end_on - today).days < 185
    assert saved.server.endswith(f"(platform gateway, environment {GatewayConfig().scope_id})")
    used = credentials.in_use(workplace, CHOICE)
    assert used.kind == "integration"
    answer = credentials.ask_jamf(used)
    assert [gap.endpoint for gap in answer.gaps] == ["/pro/v1/buildings"]
    expiring = credentials_expiring(workplace, CHOICE)
    assert expiring is not None
    assert (expiring.state, 180 < expiring.days_left < 185) == ("fine", True)

    # What is saved again brings another day, and nobody touches the rest.
    day = today + timedelta(days=3)
    credentials.save(workplace, CHOICE, _client(gateway), expire_on=day)
    assert integration_status(workplace, CHOICE).credentials == credentials_expiring(
        workplace, CHOICE
    )
    assert measure(workplace, CHOICE).credentials_end_on == day
    found = {each.check: each for each in examine(workplace, CHOICE, dagster_revisions()).findings}
    assert found["JAMF credentials"].state == "warning"
    assert f"end on {day}, in 3 days" in found["JAMF credentials"].message
    assert "Jamf Account" in found["JAMF credentials"].remedy
    assert found["JAMF privileges"].state == "problem"
    assert "Organizational context > Buildings (buildings:read)" in found["JAMF privileges"].remedy
    with psycopg.connect(moss_database) as connection:
        row = connection.execute("select config from public.integration_configs").fetchone()
    assert row is not None
    assert row[0] == {
        "connection": "platform",
        "base_url": gateway.base_url,
        "environment_id": GatewayConfig().scope_id,
        "credentials_expire_on": str(day),
    }


def test_the_other_kind_of_credentials_is_not_saved(
    workplace: Workplace, gateway: SimulatorServer
) -> None:
    account = UserCredentials("someone", SecretStr("hush-hush"))
    with pytest.raises(JamfCredentialsRejected, match="takes no user names"):
        credentials.save(workplace, CHOICE, account, _led(gateway))
    with pytest.raises(ConfigurationMissing, match="No "):
        credentials.in_use(workplace, CHOICE)
    assert credentials_expiring(workplace, CHOICE) is None
