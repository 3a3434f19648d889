"""Which JAMF server is asked, with which credentials: the environment, then M.O.S.S., and never across servers."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.engine.access import ConfigurationMissing, jamf_access
from moss_jamf_pipeline.jamf import (
    ClientCredentials,
    Gateway,
    JamfAddressInvalid,
    JamfCredentialsRejected,
    Scope,
    UserCredentials,
)
from moss_jamf_pipeline.moss.errors import CredentialsUnreadable
from moss_jamf_pipeline.moss.integration.credentials import GivenKeys, save_credentials
from moss_jamf_pipeline.moss.integration.integrations import Integration, SyncSettings
from moss_jamf_pipeline.moss.integration.routes import Route
from moss_jamf_pipeline.settings import Settings

_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
_SAVED = ClientCredentials("saved-client", SecretStr("hush-saved"))
_HOME = "https://home.jamfcloud.com"

pytestmark = pytest.mark.dialects("strategy")


@pytest.fixture(autouse=True)
def named_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that are not on this machine are read for a database that is named."""
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://moss.example.org/moss")


@pytest.fixture
def unsaved(rolled_back: psycopg.Connection) -> Integration:
    """An integration with a server and no credentials."""
    row = rolled_back.execute("select id from moss_contract.integration_configs()").fetchone()
    assert row is not None
    return Integration(
        id=row[0], name="JAMF Pro", is_enabled=True, settings=SyncSettings(), route=Route(_HOME)
    )


@pytest.fixture
def integration(rolled_back: psycopg.Connection, unsaved: Integration) -> Integration:
    """An integration with a server and credentials for it."""
    save_credentials(rolled_back, unsaved, _SAVED, GivenKeys(SecretStr(_KEY)))
    return unsaved


def _settings(**environment: Any) -> Settings:
    return Settings(**{"encryption_key": _KEY, **environment})


def test_saved_server_and_credentials_are_enough(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    access = jamf_access(_settings(), integration, rolled_back)
    assert access.base_url == _HOME
    assert access.credentials == _SAVED
    assert access.source == "saved in M.O.S.S. (cipher A with the key from ENCRYPTION_KEY)"
    assert "hush" not in repr(access)


@pytest.mark.parametrize(
    ("environment", "credentials", "source"),
    [
        (
            {"jamf_client_id": "c", "jamf_client_secret": "hush"},
            ClientCredentials("c", SecretStr("hush")),
            "environment (JAMF_CLIENT_ID and JAMF_CLIENT_SECRET)",
        ),
        (
            {"jamf_username": "u", "jamf_password": "hush"},
            UserCredentials("u", SecretStr("hush")),
            "environment (JAMF_USERNAME and JAMF_PASSWORD)",
        ),
        (
            {"jamf_client_id": "c", "jamf_username": "u", "jamf_password": "hush"},
            UserCredentials("u", SecretStr("hush")),
            "environment (JAMF_USERNAME and JAMF_PASSWORD)",
        ),
    ],
)
@pytest.mark.parametrize("base_url", [None, "https://elsewhere.jamfcloud.com"])
def test_the_environment_overrides_what_is_saved(
    rolled_back: psycopg.Connection,
    integration: Integration,
    environment: dict[str, str],
    credentials: ClientCredentials | UserCredentials,
    source: str,
    base_url: str | None,
) -> None:
    access = jamf_access(_settings(jamf_base_url=base_url, **environment), integration, rolled_back)
    assert access.base_url == (base_url or _HOME)
    assert (access.credentials, access.source) == (credentials, source)


def test_the_environment_is_enough_where_a_key_is_missing(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    with pytest.raises(CredentialsUnreadable):
        jamf_access(Settings(), integration, rolled_back)
    given = Settings(jamf_client_id="c", jamf_client_secret=SecretStr("hush"))
    assert jamf_access(given, integration, rolled_back).credentials != _SAVED


@pytest.mark.parametrize(
    ("present", "absent"),
    [
        ("jamf_client_id", "jamf_client_secret"),
        ("jamf_client_secret", "jamf_client_id"),
        ("jamf_username", "jamf_password"),
        ("jamf_password", "jamf_username"),
    ],
)
def test_half_a_pair_in_the_environment_is_no_reason_to_use_other_credentials(
    rolled_back: psycopg.Connection, integration: Integration, present: str, absent: str
) -> None:
    said = f"{present.upper()} is set and {absent.upper()} is not"
    with pytest.raises(ConfigurationMissing, match=said) as failed:
        jamf_access(_settings(**{present: "hush"}), integration, rolled_back)
    assert "hush" not in str(failed.value)


@pytest.mark.parametrize(
    "base_url",
    [_HOME, f"{_HOME}/", "https://Home.JamfCloud.com", "https://home.jamfcloud.com:443"],
)
def test_another_spelling_of_the_saved_server_is_no_other_server(
    rolled_back: psycopg.Connection, integration: Integration, base_url: str
) -> None:
    access = jamf_access(_settings(jamf_base_url=base_url), integration, rolled_back)
    assert access.credentials == _SAVED


@pytest.mark.parametrize(
    "base_url",
    [
        "https://elsewhere.jamfcloud.com",
        "https://home.jamfcloud.com.example.org",
        "https://home.jamfcloud.com:8443",
        "http://127.0.0.1:8080",
    ],
)
def test_credentials_saved_for_one_server_are_not_sent_to_another(
    rolled_back: psycopg.Connection, integration: Integration, base_url: str
) -> None:
    with pytest.raises(ConfigurationMissing) as failed:
        jamf_access(_settings(jamf_base_url=base_url), integration, rolled_back)
    message = str(failed.value)
    assert f"are for {_HOME}; they are not sent to {base_url} (JAMF_BASE_URL)" in message
    assert "Unset JAMF_BASE_URL" in message
    assert "hush" not in message


def test_credentials_saved_for_no_known_server_are_sent_to_none(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    with pytest.raises(ConfigurationMissing, match="not the server they are for"):
        jamf_access(
            _settings(jamf_base_url=_HOME), replace(integration, route=Route()), rolled_back
        )


def test_a_password_in_the_address_is_not_repeated(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    settings = _settings(jamf_base_url="https://user:hush@elsewhere.jamfcloud.com")
    with pytest.raises(JamfAddressInvalid) as failed:
        jamf_access(settings, integration, rolled_back)
    assert "hush" not in str(failed.value)


def test_no_credentials_at_all_names_both_ways(
    rolled_back: psycopg.Connection, unsaved: Integration
) -> None:
    for connection in (rolled_back, None):
        with pytest.raises(ConfigurationMissing) as failed:
            jamf_access(_settings(), unsaved, connection)
        assert "JAMF_CLIENT_SECRET" in failed.value.remedy
        assert "moss-jamf credentials set" in failed.value.remedy


def test_no_server_names_both_ways(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    with pytest.raises(ConfigurationMissing) as failed:
        jamf_access(_settings(), replace(integration, route=Route()), rolled_back)
    assert "JAMF_BASE_URL" in failed.value.remedy
    assert "--base-url" in failed.value.remedy


def test_without_a_connection_only_the_environment_counts(integration: Integration) -> None:
    with pytest.raises(ConfigurationMissing, match="No credentials"):
        jamf_access(_settings(), integration, None)
    given = _settings(jamf_client_id="c", jamf_client_secret="hush")
    assert jamf_access(given, integration, None).source.startswith("environment")


_ENVIRONMENT = "5b1c9a70-63d4-4f7b-8a52-0f6e1d2c3b4a"
_EU = "https://eu.api.jamfcloud.com"
_PLATFORM = {"jamf_connection": "platform", "jamf_environment_id": _ENVIRONMENT}
_OWN = {"jamf_client_id": "c", "jamf_client_secret": "hush"}
_LED = Route(_EU, Gateway(Scope("environment", _ENVIRONMENT), _HOME), _HOME)


def test_the_gateway_of_the_environment_is_asked_with_its_credentials(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    access = jamf_access(
        _settings(jamf_base_url=_EU, jamf_web_url=_HOME, **_PLATFORM, **_OWN),
        integration,
        rolled_back,
    )
    assert (access.base_url, access.connection) == (_EU, _LED.connection)
    assert access.kind == "integration"
    assert access.told == f"{_EU} (platform gateway, environment {_ENVIRONMENT})"


def test_the_gateway_that_is_saved_is_asked_with_what_is_saved(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    led = replace(integration, route=_LED)
    access = jamf_access(_settings(), led, rolled_back)
    assert (access.base_url, access.connection) == (_EU, _LED.connection)
    assert access.credentials == _SAVED
    # An environment named beside it is another fleet of the same gateway.
    other = _ENVIRONMENT.replace("5", "6")
    scoped = jamf_access(
        _settings(jamf_connection="platform", jamf_environment_id=other), led, rolled_back
    )
    assert scoped.connection.headers == {"X-Environment-Id": other}


@pytest.mark.parametrize(
    ("environment", "route", "said"),
    [
        (_OWN, _LED, "it is not said that they are an integration's"),
        ({"jamf_connection": "platform", "jamf_base_url": _EU, **_OWN}, Route(), "for which env"),
        ({"jamf_environment_id": _ENVIRONMENT, "jamf_base_url": _HOME}, Route(), "asked itself"),
        (_PLATFORM | _OWN, Route(_HOME), "which of Jamf's platform gateways"),
        (_PLATFORM | {"jamf_base_url": _EU}, Route(_HOME), f"are for {_HOME}; they are not sent"),
        ({"jamf_base_url": _HOME}, _LED, "they are not sent to https://home"),
        (
            {"jamf_base_url": "http://127.0.0.1:1"},
            replace(_LED, base_url="http://127.0.0.1:1"),
            "platform gateway, environment .* they are not sent to",
        ),
        (
            {**_PLATFORM, "jamf_tenant_id": _ENVIRONMENT, "jamf_base_url": _EU},
            Route(),
            "the gateway takes one",
        ),
        (
            {**_PLATFORM, "jamf_environment_id": "Production", "jamf_base_url": _EU},
            Route(),
            "'Production' is no environment id",
        ),
    ],
)
def test_credentials_of_the_one_kind_are_not_sent_to_the_other(
    rolled_back: psycopg.Connection,
    integration: Integration,
    environment: dict[str, Any],
    route: Route,
    said: str,
) -> None:
    with pytest.raises(ConfigurationMissing, match=said) as refused:
        jamf_access(_settings(**environment), replace(integration, route=route), rolled_back)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("base_url", [_HOME, f"{_EU}/pro"])
def test_what_is_no_gateway_is_sent_nothing(
    rolled_back: psycopg.Connection, integration: Integration, base_url: str
) -> None:
    with pytest.raises(JamfAddressInvalid):
        jamf_access(
            _settings(jamf_base_url=base_url, **_PLATFORM, **_OWN), integration, rolled_back
        )


def test_a_user_account_is_refused_for_the_gateway(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    account = {"jamf_username": "u", "jamf_password": "hush"}
    with pytest.raises(JamfCredentialsRejected, match="takes no user names"):
        jamf_access(_settings(jamf_base_url=_EU, **_PLATFORM, **account), integration, rolled_back)
