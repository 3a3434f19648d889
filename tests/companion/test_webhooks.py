"""Where JAMF calls, over HTTP: who is let in, what is kept of an event, and what is sent to do harm."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson
import pytest

from moss_jamf_pipeline.companion import webhooks as door
from moss_jamf_pipeline.companion.identity.webhook_gate import WebhookGate
from moss_jamf_pipeline.moss.users import Whereabouts
from moss_jamf_pipeline.services import webhooks as service
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from tests.companion.conftest import Companion, problem

PATH = "/webhooks/jamf/jamf_pro"
_HERE = Whereabouts("127.0.0.1", "")


def event(name: str = "ComputerInventoryCompleted", /, **fields: Any) -> dict[str, Any]:
    """An event as JAMF sends it."""
    return {
        "webhook": {
            "id": 3,
            "name": "sync",
            "webhookEvent": name,
            "eventTimestamp": 1784616130318,
        },
        "event": {"jssID": 412, "deviceName": "Priya’s MacBook Pro", **fields},
    }


XML = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<JSSEvent><webhook><id>3</id><name>sync</name><webhookEvent>SmartGroupComputerMembershipChange</webhookEvent>
<eventTimestamp>1784616130318</eventTimestamp></webhook><event><name>Priya’s</name><jssid>9</jssid>
<groupAddedDevicesIds><int>412</int><int>7</int></groupAddedDevicesIds><groupRemovedDevicesIds/></event></JSSEvent>
"""


@pytest.fixture
def new_secret(companion: Companion) -> Callable[[], service.NewSecret]:
    """Makes a secret of the integration."""

    def make() -> service.NewSecret:
        with Workplace(Settings(moss_database_url=companion.moss.url)) as workplace:
            return service.new_secret(workplace, IntegrationChoice(), "ada", _HERE)

    return make


@pytest.fixture
def jamf(companion: Companion, new_secret: Callable[[], service.NewSecret]) -> httpx.Client:
    """A JAMF server that knows the secret."""
    return companion.client(**orjson.loads(new_secret().header))


def stored(companion: Companion) -> list[tuple[Any, ...]]:
    return companion.moss.connection.execute(
        """select event, record_type, jamf_id, times from jamf_sync.webhook_events
           order by event, jamf_id::bigint"""
    ).fetchall()


def counted(companion: Companion) -> dict[str, int]:
    return dict(
        companion.moss.connection.execute(
            "select event, received from jamf_sync.webhook_counts"
        ).fetchall()
    )


def test_an_event_is_kept_by_its_name_record_and_time_and_nothing_of_a_person(
    companion: Companion, jamf: httpx.Client
) -> None:
    answer = jamf.post(PATH, json=event())
    assert (answer.status_code, answer.json()) == (
        202,
        {"event": "ComputerInventoryCompleted", "records": 1},
    )
    jamf.post(PATH, json=event())
    assert stored(companion) == [("ComputerInventoryCompleted", "computer", "412", 2)]
    (row,) = companion.moss.connection.execute(
        "select to_jsonb(e) from jamf_sync.webhook_events as e"
    ).fetchone() or ((),)
    assert row["event_at"].startswith("2026-07-21T")
    assert "Priya" not in str(row)


def test_xml_is_the_same_event(companion: Companion, jamf: httpx.Client) -> None:
    answer = jamf.post(PATH, content=XML.encode(), headers={"Content-Type": "text/xml"})
    assert answer.json() == {"event": "SmartGroupComputerMembershipChange", "records": 2}
    assert [row[2] for row in stored(companion)] == ["7", "412"]


def test_what_tells_nothing_is_counted_and_so_is_what_nobody_knows(
    companion: Companion, jamf: httpx.Client
) -> None:
    for name in ("ComputerCheckIn", "ComputerCheckIn", "JSSStartup", "ComputerAbducted"):
        assert jamf.post(PATH, json=event(name)).json()["records"] == 0
    assert jamf.post(PATH, json=event(jssID="no number")).json()["records"] == 0
    assert stored(companion) == []
    assert counted(companion) == {
        "ComputerCheckIn": 2,
        "JSSStartup": 1,
        "unknown": 1,
        "ComputerInventoryCompleted": 1,
    }


def test_two_secrets_hold_during_a_rotation_and_a_retired_one_no_longer(
    companion: Companion, new_secret: Callable[[], service.NewSecret]
) -> None:
    first, second = new_secret(), new_secret()
    assert second.older == first.secret_id
    with pytest.raises(service.TwoSecretsInForce):
        new_secret()
    by_header = companion.client(**{"X-API-Key": first.secret})
    by_password = companion.client()
    by_password.auth = httpx.BasicAuth("whoever", second.secret)
    assert by_header.post(PATH, json=event()).status_code == 202
    assert by_password.post(PATH, json=event()).status_code == 202
    with Workplace(Settings(moss_database_url=companion.moss.url)) as workplace:
        choice = IntegrationChoice()
        assert service.retire(workplace, choice, None, "ada", _HERE).secret_id == first.secret_id
        with pytest.raises(service.WebhookSecretNotThere):
            service.retire(workplace, choice, None, "ada", _HERE)
        with pytest.raises(service.WebhookSecretNotThere):
            service.retire(workplace, choice, first.secret_id, "ada", _HERE)
        found = service.standing(workplace, choice, "http://192.168.0.7")
    assert by_header.post(PATH, json=event()).status_code == 401
    assert by_password.post(PATH, json=event()).status_code == 202
    assert [each.secret_id for each in found.secrets] == [second.secret_id]
    assert found.secrets[0].last_used_at is not None
    assert "plain http" in found.wrong[0]
    assert "192.168.0.7 is a private address" in found.wrong[1]
    kept = companion.moss.connection.execute(
        "select string_agg(s::text, ' ') from jamf_sync.webhook_secrets as s"
    ).fetchone()
    assert kept is not None
    assert first.secret not in kept[0]


_NO_SECRETS: tuple[dict[str, str], ...] = (
    {},
    {"X-API-Key": "jamfhook_" + "A" * 43},
    {"X-API-Key": "jamfhook_" + "é" * 43},
    {"X-API-Key": "A" * 9_000},
    {"Authorization": "Basic !!"},
    {"Authorization": "Basic amFtZjo="},
    {"Authorization": "Bearer jamfhook_x"},
)


def test_without_a_secret_nothing_is_read(companion: Companion, jamf: httpx.Client) -> None:
    for headers in _NO_SECRETS:
        client = companion.client(**{name: value.encode() for name, value in headers.items()})  # type: ignore[arg-type]
        answer = client.post(PATH, json=event())
        assert (answer.status_code, problem(answer)["type"]) == (
            401,
            "urn:moss-jamf:problem:webhook-secret-wrong",
        ), headers
    assert stored(companion) == []
    assert jamf.post("/webhooks/jamf/elsewhere", json=event()).status_code == 404


def test_another_integration_s_secret_is_none_here(
    companion: Companion, new_secret: Callable[[], service.NewSecret]
) -> None:
    connection = companion.moss.connection
    theirs = new_secret().secret
    connection.execute("update jamf_sync.webhook_secrets set integration_id = gen_random_uuid()")
    assert companion.client(**{"X-API-Key": theirs}).post(PATH, json=event()).status_code == 401


def test_who_knows_no_secret_waits_and_who_does_need_not_for_the_same_address(
    companion: Companion, jamf: httpx.Client
) -> None:
    assert jamf.post(PATH, json=event()).status_code == 202
    guessing = companion.client(**{"X-API-Key": "jamfhook_x"})
    statuses = [guessing.post(PATH, json=event()).status_code for _ in range(22)]
    assert (statuses[0], statuses[-1]) == (401, 429)
    assert int(guessing.post(PATH, json=event()).headers["Retry-After"]) > 0
    assert jamf.post(PATH, json=event()).status_code == 202


_NO_EVENTS: tuple[tuple[bytes, str, int], ...] = (
    (b"", "application/json", 400),
    (b"[]", "application/json", 400),
    (b"{", "application/json", 400),
    (b"\x00\xff\xfe", "application/json", 400),
    (b'{"webhook": {"webhookEvent": 7}, "event": []}', "application/json", 400),
    (b'{"webhook": ' + b'{"a":' * 900 + b"1" + b"}" * 901, "application/json", 400),
    (b"[" * 200_000, "application/json", 400),
    (b'{"a":' * 150_000, "application/json", 400),
    (b'{"a": [' + b"0," * 300_000 + b"0]}", "application/json", 400),
    (b"<a>" * 100_000, "text/xml", 400),
    (b"<a><b></a>", "text/xml", 400),
    (
        b'<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><webhook>&b;</webhook>',
        "text/xml",
        400,
    ),
    (
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><webhook><webhookEvent>&e;</webhookEvent></webhook>',
        "text/xml",
        400,
    ),
    (b'<?xml version="1.0" encoding="no-such"?><a/>', "text/xml", 400),
    (b"<webhook><webhookEvent>&nbsp;</webhookEvent></webhook>", "text/xml", 400),
    (b"{" + b" " * 1_000_000 + b"}", "application/json", 413),
    (b"{}", "image/png", 415),
    (b"{}", "multipart/form-data; boundary=x", 415),
)


def test_what_is_no_event_is_refused_and_harms_nothing(
    companion: Companion, jamf: httpx.Client
) -> None:
    for content, media_type, status in _NO_EVENTS:
        answer = jamf.post(PATH, content=content, headers={"Content-Type": media_type})
        assert answer.status_code == status, content[:40]
        assert problem(answer)["detail"]
    assert (stored(companion), counted(companion)) == ([], {})
    assert jamf.post(PATH, json=event()).status_code == 202


def test_a_body_without_an_end_is_cut_off(companion: Companion, jamf: httpx.Client) -> None:
    def endless() -> Any:
        for _ in range(1_000):
            yield b'{"a":' * 1_000

    answer = jamf.post(PATH, content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert stored(companion) == []


def test_who_is_slow_to_send_holds_up_nobody_and_is_cut_off(
    companion: Companion, jamf: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "BODY_SECONDS", 1.0)
    host, port = companion.url.removeprefix("http://").split(":")
    slow = []
    for _ in range(60):  # more than there are threads
        connection = socket.create_connection((host, int(port)), timeout=20)
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-API-Key: {jamf.headers['X-API-Key']}\r\n"
            "Content-Type: application/json\r\nContent-Length: 400\r\n\r\n{"
        )
        connection.sendall(head.encode())
        slow.append(connection)
    assert jamf.post(PATH, json=event()).status_code == 202
    for connection in slow:
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
        connection.close()
    assert len(stored(companion)) == 1


def test_no_more_is_let_in_than_there_is_room_for(
    companion: Companion, jamf: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_STORED", 3)
    statuses = [jamf.post(PATH, json=event(jssID=i)).status_code for i in range(1, 6)]
    assert statuses == [202, 202, 202, 503, 503]
    full = jamf.post(PATH, json=event(jssID=7))
    assert full.headers["Retry-After"] == "30"
    assert jamf.post(PATH, json=event("JSSStartup")).status_code == 202
    gate = WebhookGate(most_at_a_time=1)
    assert (gate.enter(), gate.enter()) == (True, False)
    gate.leave()
    assert gate.enter()


def test_many_at_once_are_all_there(companion: Companion, jamf: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda i: jamf.post(PATH, json=event(jssID=i)).status_code, range(1, 201)
        )
        assert set(answers) == {202}
    assert len(stored(companion)) == 200
