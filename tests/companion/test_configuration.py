"""The configuration as the API saves it: the pipeline reads it back, and so does M.O.S.S.'s own code."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.catalogue.collections import STANDARD_COLLECTIONS
from moss_jamf_pipeline.jamf import ClientCredentials
from moss_jamf_pipeline.moss.integration.ciphers import EncryptionKey, decrypt_a
from moss_jamf_pipeline.services import credentials
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from moss_jamf_pipeline.simulator.configuration import (
    PERMISSIONS,
    GatewayConfig,
    SimulatorConfig,
)
from moss_jamf_pipeline.simulator.server import SimulatorServer
from tests.companion.conftest import API, Companion, Moss, problem

_SECRET = "s3cret of <the> API & client"


@pytest.fixture
def client(companion: Companion) -> httpx.Client:
    """A super administrator's browser."""
    return companion.signed_in("super_admin")


@pytest.fixture(scope="module")
def jamf() -> Iterator[SimulatorServer]:
    """A JAMF Pro whose API client may not read buildings."""
    privileges = SimulatorConfig().privileges - {"Read Buildings"}
    with SimulatorServer(SimulatorConfig(computers=5, privileges=privileges)) as server:
        yield server


def _credentials(server: SimulatorServer) -> dict[str, str]:
    config = server.config
    return {
        "client_id": config.client_id,
        "client_secret": config.client_secret.get_secret_value(),
    }


def _stored(moss: Moss) -> dict[str, Any]:
    with moss.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        row = cursor.execute("select * from integration_configs").fetchone()
    assert row is not None
    return row


def test_what_is_saved_is_read_back_by_the_pipeline_and_by_moss(
    companion: Companion, client: httpx.Client
) -> None:
    answer = client.post(
        f"{API}/config",
        json={
            "base_url": "https://example.jamfcloud.com/",
            "credentials": {"client_id": "moss", "client_secret": _SECRET},
            "schedule": "15 */4 * * *",
            "is_scheduled": True,
            "settings": {"on_empty_user": "clear", "sync_groups": False},
            "scope_group": "42",
        },
    )
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["connection"] == {
        "connection": "server",
        "base_url": "https://example.jamfcloud.com",
        "environment_id": None,
        "tenant_id": None,
        "web_url": None,
        "has_credentials": True,
        "credentials_end_on": None,
        "kind": "API client",
        "source": document["connection"]["source"],
        "problem": "",
        "overriding": [],
    }
    assert (document["schedule"], document["scope_groups"]) == ("15 */4 * * *", ["42"])
    assert _SECRET not in answer.text

    stored = _stored(companion.moss)
    # M.O.S.S.'s page has one spelling of the switch, its sync library the other.
    assert stored["sync_settings"] == {
        "on_empty_user": "clear",
        "sync_groups": False,
        "sync_computer_groups": False,
    }
    assert stored["config"]["base_url"] == "https://example.jamfcloud.com"
    key = companion.moss.connection.execute(
        "select encryption_key from encryption_keys where is_active"
    ).fetchone()
    assert key is not None
    plaintext = decrypt_a(stored["credentials_encrypted"], EncryptionKey.from_text(key[0]))
    read_by_moss = json.loads(plaintext)
    assert read_by_moss["jamf_client_id"] == "moss"
    assert read_by_moss["jamf_client_secret"] == _SECRET
    settings = Settings(moss_database_url=SecretStr(companion.moss.url))
    with Workplace(settings) as workplace:
        used = credentials.in_use(workplace, IntegrationChoice())
    assert used.access.credentials == ClientCredentials("moss", SecretStr(_SECRET))

    (act,) = companion.moss.acts()
    assert act["action"] == "update_integration"
    assert act["details"]["credentials"] == "replaced"
    assert act["details"]["before"]["sync_settings"] != act["details"]["after"]["sync_settings"]
    assert _SECRET not in json.dumps(act["details"])
    assert stored["credentials_encrypted"] not in json.dumps(act["details"])


def test_a_setting_that_is_taken_away_has_its_default_again_and_what_is_moss_s_stays(
    companion: Companion, client: httpx.Client
) -> None:
    companion.moss.connection.execute(
        """update integration_configs set sync_settings =
           '{"sync_groups": false, "on_empty_user": "clear", "theme": "its own"}'"""
    )
    answer = client.post(
        f"{API}/config", json={"settings": {"sync_computer_groups": None, "on_empty_user": None}}
    )
    policies = {policy["key"]: policy for policy in answer.json()["policies"]}
    assert policies["on_empty_user"]["value"] == policies["on_empty_user"]["default"] == '"keep"'
    assert policies["on_empty_user"]["choices"] == ["keep", "clear"]
    assert policies["sync_computer_groups"]["value"] == "true"
    assert all(policy["meaning"] for policy in policies.values())
    assert _stored(companion.moss)["sync_settings"] == {"theme": "its own"}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"schedule": "every day"}, "schedule"),
        ({"schedule": "0 0 31 4 *"}, "schedule"),
        ({"schedule": "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19 * * * *"}, "schedule"),
        ({"settings": {"on_empty_user": "perhaps"}}, "settings.on_empty_user"),
        ({"settings": {"on_emtpy_user": "clear"}}, "settings.on_emtpy_user"),
        (
            {"settings": {"ownership": {"device.asset_tag": {"on_update": "overwrite"}}}},
            "settings.ownership",
        ),
        ({"settings": {"guard": {"rename": {"absolute": -1}}}}, "settings.guard.rename.absolute"),
        ({"base_url": "ftp://example.com"}, "base_url"),
        ({"base_url": "http://jamf.example.com"}, "base_url"),
        (
            {"credentials": {"client_id": "mo\u200bss", "client_secret": "x"}},
            "credentials.client_id",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_said_and_nothing_is_saved(
    companion: Companion, client: httpx.Client, change: dict[str, Any], where: str
) -> None:
    before = _stored(companion.moss)
    answer = client.post(f"{API}/config", json={"is_enabled": False, **change})
    assert (answer.status_code, problem(answer).get("where")) == (422, where)
    assert problem(answer)["remedy"]
    assert _stored(companion.moss) == before
    assert companion.moss.acts() == []


def test_credentials_are_not_sent_to_a_server_that_they_are_not_for(
    companion: Companion, client: httpx.Client
) -> None:
    saved = {
        "base_url": "https://one.example.com",
        "credentials": {"client_id": "a", "client_secret": "b"},
    }
    assert client.post(f"{API}/config", json=saved).status_code == 200
    for path in ("config", "test-connection"):
        answer = client.post(f"{API}/{path}", json={"base_url": "https://evil.example.com"})
        assert (answer.status_code, problem(answer)["where"]) == (422, "credentials")
    assert _stored(companion.moss)["config"]["base_url"] == "https://one.example.com"


def test_who_saves_over_somebody_else_s_change_is_told(
    companion: Companion, client: httpx.Client
) -> None:
    seen = client.get(f"{API}/config").json()["version"]
    assert client.post(f"{API}/config", json={"schedule": "0 1 * * *", "version": seen}).is_success
    answer = client.post(f"{API}/config", json={"schedule": "0 2 * * *", "version": seen})
    assert (answer.status_code, problem(answer)["type"]) == (
        409,
        "urn:moss-jamf:problem:configuration-changed",
    )
    assert _stored(companion.moss)["sync_schedule"] == "0 1 * * *"
    assert len(companion.moss.acts()) == 1


def test_every_endpoint_is_tried_and_what_is_missing_is_said_in_jamf_s_words(
    client: httpx.Client, jamf: SimulatorServer
) -> None:
    given = {"base_url": jamf.base_url, "credentials": _credentials(jamf)}
    document = client.post(f"{API}/test-connection", json=given).json()
    assert document["problem"] == ""
    assert document["version"].startswith(jamf.config.version)
    readable = {each["collection"]: each["is_readable"] for each in document["collections"]}
    assert readable == {name: name != "buildings" for name in STANDARD_COLLECTIONS}
    (buildings,) = [each for each in document["collections"] if not each["is_readable"]]
    assert buildings["privileges"] == ["Read Buildings"]
    assert buildings["endpoint"]


def test_the_gateway_is_saved_with_its_environment_and_tried_in_its_own_words(
    companion: Companion, client: httpx.Client
) -> None:
    permissions = frozenset(PERMISSIONS) - {"buildings:read"}
    config = SimulatorConfig(computers=5, gateway=GatewayConfig(permissions=permissions))
    with SimulatorServer(config) as gateway:
        given = {
            "connection": "platform",
            "base_url": gateway.base_url,
            "environment_id": GatewayConfig().scope_id.upper(),
            "web_url": "https://example.jamfcloud.com",
            "credentials": _credentials(gateway),
        }
        tried = client.post(f"{API}/test-connection", json=given).json()
        assert (tried["problem"], tried["connection"]) == ("", "platform")
        (lacking,) = [each for each in tried["collections"] if not each["is_readable"]]
        assert lacking["privileges"] == ["Organizational context > Buildings (buildings:read)"]
        assert lacking["endpoint"] == "/pro/v1/buildings"

        answer = client.post(f"{API}/config", json={**given, "credentials_expire_on": "2027-05-28"})
        assert answer.status_code == 200, answer.text
        saved = answer.json()["connection"]
        assert (saved["kind"], saved["credentials_end_on"]) == ("integration", "2027-05-28")
        assert saved["environment_id"] == GatewayConfig().scope_id
        metrics = companion.client().get("/metrics").text
        assert "moss_jamf_credentials_expire_timestamp_seconds" in metrics

        # Neither are they an API client's of a JAMF Pro server, nor does the gateway take a user account.
        for wrong, where in (
            ({"connection": "server", "base_url": "https://a.jamfcloud.com"}, "credentials"),
            ({"credentials": {"username": "u", "password": "p"}}, "credentials"),
            ({"environment_id": "production"}, "environment_id"),
            ({"base_url": "https://example.jamfcloud.com"}, "base_url"),
        ):
            refused = client.post(f"{API}/config", json=wrong)
            assert refused.status_code == 422, refused.text
            assert where in refused.text
    stored = _stored(companion.moss)["config"]
    assert stored["base_url"] == gateway.base_url
    assert stored["connection"] == "platform"


def test_a_server_that_refuses_the_credentials_is_an_answer_and_no_failure(
    client: httpx.Client, jamf: SimulatorServer
) -> None:
    given = {
        "base_url": jamf.base_url,
        "credentials": {"client_id": "moss", "client_secret": _SECRET},
    }
    answer = client.post(f"{API}/test-connection", json=given)
    assert answer.status_code == 200
    assert answer.json()["version"] is None
    assert answer.json()["problem"]
    assert answer.json()["remedy"]
    assert _SECRET not in answer.text


def test_both_kinds_of_credentials_at_once_are_refused(client: httpx.Client) -> None:
    for given in (
        {"client_id": "a"},
        {"client_id": "a", "client_secret": "b", "username": "c"},
        {},
    ):
        answer = client.post(f"{API}/config", json={"credentials": given})
        assert answer.status_code == 422
