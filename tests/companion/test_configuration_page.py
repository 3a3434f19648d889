"""The configuration page: what is typed is saved or said to be wrong, and never lost."""

import re
from collections.abc import Iterator

import httpx
import pytest
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.jamf import AttributeDefinition
from moss_jamf_pipeline.moss.capture.attributes import keep_definitions
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.simulator.configuration import (
    PERMISSIONS,
    GatewayConfig,
    SimulatorConfig,
)
from moss_jamf_pipeline.simulator.server import SimulatorServer
from tests.companion.conftest import Companion
from tests.db.support import Bench

_PATH = "/jamf/configuration"
_SECRET = "s3cret of the client"


@pytest.fixture(scope="module")
def jamf() -> Iterator[SimulatorServer]:
    """A JAMF Pro whose API client may not read buildings."""
    privileges = SimulatorConfig().privileges - {"Read Buildings"}
    with SimulatorServer(SimulatorConfig(computers=5, privileges=privileges)) as server:
        yield server


@pytest.fixture
def client(companion: Companion) -> httpx.Client:
    """A super administrator's browser."""
    return companion.signed_in("super_admin")


def _form(client: httpx.Client, **changed: str) -> dict[str, str]:
    """What a browser would send of the form as it stands, with what somebody changed in it."""
    text = client.get(_PATH).text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    for name in ("base_url", "schedule", "scope_group"):
        found = re.search(rf'name="{name}" [^>]*?value="([^"]*)"', text)
        assert found is not None, name
        fields[name] = found[1]
    for name in ("is_enabled", "is_scheduled"):
        if re.search(rf'name="{name}" checked', text):
            fields[name] = "on"
    return fields | changed


def test_what_was_typed_is_saved_and_shown(companion: Companion, client: httpx.Client) -> None:
    answer = client.post(
        _PATH,
        data=_form(
            client,
            base_url="https://example.jamfcloud.com",
            client_id="moss",
            client_secret=_SECRET,
            schedule="15 */4 * * *",
            scope_group="42",
            **{"setting:on_empty_user": '"clear"', "setting:ignored_usernames": '["kiosk"]'},
        ),
    )
    assert answer.status_code == 303, answer.text
    page = client.get(answer.headers["location"]).text
    assert "Saved." in page
    assert 'value="https://example.jamfcloud.com"' in page
    assert 'value="15 */4 * * *"' in page
    assert '<option value="&#34;clear&#34;" selected>' in page
    assert _SECRET not in page
    stored = companion.moss.connection.execute(
        "select sync_settings, access_scope, is_enabled from integration_configs"
    ).fetchone()
    assert stored == (
        {"on_empty_user": "clear", "ignored_usernames": ["kiosk"]},
        {"jamf_group_id": "42"},
        True,
    )
    # Sent once more as it stands, it changes nothing.
    before = len(companion.moss.acts())
    again = client.post(_PATH, data=_form(client, **{"setting:on_empty_user": '"clear"'}))
    assert again.status_code == 303
    assert companion.moss.acts()[before]["details"]["after"] == {}


def test_what_is_wrong_is_said_where_it_is_and_the_rest_is_not_lost(
    companion: Companion, client: httpx.Client
) -> None:
    answer = client.post(
        _PATH,
        data=_form(
            client, schedule="every day", scope_group="42", client_id="moss", client_secret=_SECRET
        ),
    )
    assert answer.status_code == 422
    assert "Nothing was saved." in answer.text
    assert "is no cron expression" in answer.text
    assert 'value="every day"' in answer.text
    assert 'value="42"' in answer.text
    assert _SECRET not in answer.text
    assert companion.moss.acts() == []


@pytest.mark.parametrize(
    "given",
    [
        {"client_id": "a"},
        {"client_id": "a", "client_secret": "b", "username": "c", "password": "d"},
        {"setting:guard": "{not json"},
        {"setting:guard": '{"rename": {"absolute": -1}}'},
    ],
    ids=str,
)
def test_half_of_it_or_no_json_saves_nothing(
    companion: Companion, client: httpx.Client, given: dict[str, str]
) -> None:
    assert client.post(_PATH, data=_form(client, **given)).status_code == 422
    assert companion.moss.acts() == []


def test_the_connection_is_tested_with_what_is_typed(
    companion: Companion, client: httpx.Client, jamf: SimulatorServer
) -> None:
    typed = {
        "base_url": jamf.base_url,
        "client_id": jamf.config.client_id,
        "client_secret": jamf.config.client_secret.get_secret_value(),
    }
    answer = client.post(f"{_PATH}/test", data=_form(client, **typed))
    assert answer.status_code == 200
    assert "accepts the credentials" in answer.text
    assert "Read Buildings" in answer.text
    assert typed["client_secret"] not in answer.text
    assert companion.moss.acts() == []


def test_the_gateway_is_chosen_on_the_page_and_asked_in_its_words(client: httpx.Client) -> None:
    permissions = frozenset(PERMISSIONS) - {"buildings:read"}
    config = SimulatorConfig(computers=5, gateway=GatewayConfig(permissions=permissions))
    with SimulatorServer(config) as gateway:
        typed = {
            "connection": "platform",
            "base_url": gateway.base_url,
            "environment_id": GatewayConfig().scope_id,
            "tenant_id": "",
            "web_url": "https://example.jamfcloud.com",
            "client_id": gateway.config.client_id,
            "client_secret": gateway.config.client_secret.get_secret_value(),
            "credentials_expire_on": "2027-05-28",
        }
        tried = client.post(f"{_PATH}/test", data=_form(client, **typed)).text
        assert "Permissions, as Jamf Account calls them" in tried
        assert "Organizational context &gt; Buildings (buildings:read)" in tried
        assert client.post(_PATH, data=_form(client, **typed)).status_code == 303
        page = client.get(_PATH).text
    assert "A sync logs in with an integration" in page
    assert "They end on 2027-05-28." in page
    assert '<option value="platform" selected>' in page
    assert f'value="{typed["environment_id"]}"' in page
    wrong = client.post(_PATH, data=_form(client, connection="platform", environment_id="x"))
    assert wrong.status_code == 422
    assert "is no environment id" in wrong.text


def test_a_group_is_picked_from_those_that_jamf_has(client: httpx.Client, bench: Bench) -> None:
    bench.computer_group("7", 'Lab <"1">')
    page = client.get(_PATH).text
    assert '<option value="7">Lab &lt;&#34;1&#34;&gt;</option>' in page


def test_who_may_not_configure_sees_it_and_changes_nothing(companion: Companion) -> None:
    client = companion.signed_in("admin")
    page = client.get(_PATH).text
    assert "Super administrators of M.O.S.S. change it here." in page
    assert ">Save<" not in page
    fields = _form(client, schedule="0 1 * * *")
    assert client.post(_PATH, data=fields).status_code == 403
    assert companion.signed_in("user").get(_PATH).status_code == 403


def test_moss_s_own_link_leads_to_it(companion: Companion, client: httpx.Client) -> None:
    (row,) = companion.moss.connection.execute("select id from integration_configs").fetchall()
    answer = client.get(f"/admin/integrations/jamf/{row[0]}")
    assert (answer.status_code, answer.headers["location"]) == (303, _PATH)


def test_extension_attributes_are_listed_and_mapped_by_ticking_them(
    companion: Companion, client: httpx.Client
) -> None:
    assert "Off: JAMF is not asked for them" in client.get(_PATH).text
    connection = companion.moss.connection
    integration = find_integration(connection)
    mapped = {"x y": {"on_update": "fill"}, "nowhere": {}}
    connection.execute(
        "update integration_configs set sync_settings = %s",
        [Jsonb({"extension_attributes": mapped})],
    )
    definitions = [
        AttributeDefinition(id=each, name=name, inputType="TEXT", dataType="STRING")
        for each, name in (("8", "x y"), ("9", "other"), ("10", "jamf-patch-App"))
    ]
    keep_definitions(connection, find_integration(connection), definitions)

    text = client.get(_PATH).text
    assert 'name="attribute:8" checked' in text
    assert 'name="attribute:9">' in text
    assert "jamf-patch-App" not in text
    assert "JAMF has no extension attribute with the id or the name &#39;nowhere&#39;." in text

    def ticked(*ids: str) -> object:
        boxes = {f"attribute:{each}": "on" for each in ids}
        answer = client.post(_PATH, data=_form(client, attributes_shown="1", **boxes))
        assert answer.status_code == 303, answer.text
        return (
            find_integration(connection)
            .settings.model_dump(mode="json", exclude_defaults=True)
            .get("extension_attributes")
        )

    assert ticked("8", "9") == {**mapped, "9": {}}
    assert ticked("9") == {"nowhere": {}, "9": {}}
    assert integration.settings.extension_attributes is None
