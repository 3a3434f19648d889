"""The page that sets up webhooks: who may see it, a secret that is shown once, and the kinds of events that came."""

import re

import httpx
import orjson

from tests.companion.conftest import Companion
from tests.companion.test_webhooks import PATH, event

_PAGE = "/jamf/webhooks"


def _posted(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """What a browser sends when a button of the page is pressed."""
    hidden = re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)"', client.get(_PAGE).text
    )
    return client.post(f"{_PAGE}/{path}", data=dict(hidden) | fields)


def test_a_secret_is_shown_once_and_lets_jamf_in_until_it_is_retired(companion: Companion) -> None:
    client = companion.signed_in("super_admin")
    assert "None: whatever JAMF sends is refused." in client.get(_PAGE).text
    made = _posted(client, "new-secret").text
    found = re.search(r'<code class="secret">(.*?)</code>', made)
    assert found is not None
    header = orjson.loads(found[1].replace("&#34;", '"'))
    jamf = companion.client(**header)
    assert jamf.post(PATH, json=event()).status_code == 202
    assert jamf.post(PATH, json=event("ComputerCheckIn")).status_code == 202

    page = client.get(_PAGE).text
    assert header["X-API-Key"] not in page
    assert f"{companion.url}{PATH}" in page
    for shown in (
        "plain http",
        "is a private address",
        "ComputerInventoryCompleted",
        "1 record waits",
    ):
        assert shown in page, shown

    _posted(client, "new-secret")
    third = _posted(client, "new-secret")
    assert third.status_code == 409
    assert "in force already" in third.text
    first = re.findall(r"Retire (\d+)</button>", page)[0]
    assert _posted(client, "retire", secret_id=first).status_code == 303
    assert jamf.post(PATH, json=event()).status_code == 401
    acts = companion.moss.acts()
    assert [act["action"] for act in acts] == [
        "new_webhook_secret",
        "new_webhook_secret",
        "retire_webhook_secret",
    ]
    assert header["X-API-Key"] not in str(acts)


def test_administrators_look_and_others_do_not(companion: Companion) -> None:
    admin = companion.signed_in("admin")
    page = admin.get(_PAGE)
    assert page.status_code == 200
    assert "Make a secret" not in page.text
    refused = admin.post(f"{_PAGE}/new-secret", data={"any": "field"})
    assert (refused.status_code, "super administrator" in refused.text) == (403, True)
    assert companion.signed_in("user").get(_PAGE).status_code == 403
    assert companion.client().get(_PAGE).status_code == 401
