"""Credentials through the service: saved for one server, tried against it, and never in a text."""

import base64
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.engine.access import ConfigurationMissing
from moss_jamf_pipeline.jamf import ClientCredentials, JamfCredentialsRejected
from moss_jamf_pipeline.services import credentials
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import READ_PRIVILEGES, SimulatorConfig, SimulatorServer
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
    saved = credentials.save(workplace, CHOICE, _client(jamf), jamf.base_url)
    assert (saved.base_url, saved.overriding) == (jamf.base_url, ())
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
    credentials.save(workplace, CHOICE, wrong, jamf.base_url)
    with pytest.raises(JamfCredentialsRejected) as refused:
        credentials.ask_jamf(credentials.in_use(workplace, CHOICE))
    assert "not-the-secret" not in str(refused.value)


def test_a_server_has_to_be_known_and_the_same_everywhere(
    workplace: Workplace, moss_database: str, jamf: SimulatorServer
) -> None:
    with pytest.raises(ConfigurationMissing, match="not known which JAMF Pro server"):
        credentials.destination(workplace, CHOICE)
    credentials.save(workplace, CHOICE, _client(jamf), "https://one.example.org")
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
        saved = credentials.save(workplace, CHOICE, _client(jamf), jamf.base_url)
    assert saved.overriding == ("JAMF_CLIENT_ID",)
