"""Stories of objects and lists of devices over HTTP."""

from urllib.parse import quote

import httpx
import pytest

from tests.companion.conftest import API, Companion, problem
from tests.db.support import Bench
from tests.support.hostile_names import HOSTILE_NAMES


@pytest.fixture
def client(companion: Companion, bench: Bench) -> httpx.Client:
    """Somebody who is signed in to a M.O.S.S. with a few Macs, their people and a group."""
    bench.user("1", username="ada", full_name="Ada Nyberg", email="ada@example.org")
    bench.computer_group("3", "Lab / West")
    bench.computer("7", hostname="mac/7", username="ada", static_group_ids=["3"])
    bench.computer("8", hostname="mac-8")
    bench.linked_device("9", serial_number="SERIAL9", hostname="mac-9", asset_tag="MOSS")
    bench.computer("9", hostname="mac-9", asset_tag="JAMF", username="ada")
    bench.device(hostname="twice", serial_number="A1")
    bench.device(hostname="TWICE", serial_number="A2")
    bench.sync()
    return companion.signed_in("user")


def test_an_object_is_told_by_whatever_it_is_known_by(client: httpx.Client) -> None:
    for place, sought, name in (
        ("devices", "SERIAL7", "mac/7"),
        ("devices", "mac/7", "mac/7"),
        ("devices", "jamf:7", "mac/7"),
        ("people", "ada@example.org", "Ada Nyberg"),
        ("groups", "lab / west", "[JAMF] Lab / West"),
    ):
        answer = client.get(f"{API}/explain/{place}/{quote(sought)}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["story"]["name"] == name
    story = client.get(f"{API}/explain/devices/SERIAL9").json()["story"]
    (tag,) = [field for field in story["fields"] if field["field"] == "asset_tag"]
    assert (tag["owner"], tag["rule"], tag["differs"]) == ("M.O.S.S.", "owned_field_differs", True)
    tagged = client.get(f"{API}/explain/devices/SERIAL9")
    again = client.get(
        f"{API}/explain/devices/SERIAL9", headers={"If-None-Match": tagged.headers["ETag"]}
    )
    assert again.status_code == 304


def test_earlier_events_follow_by_cursor(client: httpx.Client) -> None:
    address = f"{API}/explain/devices/SERIAL7"
    everything = client.get(address).json()
    assert everything["next_cursor"] is None
    first = client.get(address, params={"events": 1}).json()
    rest = client.get(address, params={"events": 100, "cursor": first["next_cursor"]}).json()
    assert (
        first["story"]["timeline"] + rest["story"]["timeline"] == (everything["story"]["timeline"])
    )


def test_what_is_not_there_or_not_clear_is_said_with_what_to_do(client: httpx.Client) -> None:
    unknown = client.get(f"{API}/explain/devices/no-such-mac")
    assert (unknown.status_code, problem(unknown)["type"]) == (
        404,
        "urn:moss-jamf:problem:object-unknown",
    )
    unclear = client.get(f"{API}/explain/devices/twice")
    assert (unclear.status_code, problem(unclear)["type"]) == (
        409,
        "urn:moss-jamf:problem:object-unclear",
    )
    assert {each["key"] for each in unclear.json()["candidates"]} == {"A1", "A2"}
    for as_of, status in (
        ("2026-11-22-05:00", 422),
        ("2026-13-22-06:00", 422),
        ("2020-01-01-06:00", 404),
    ):
        answer = client.get(f"{API}/explain/devices/SERIAL7", params={"as_of": as_of})
        assert answer.status_code == status, answer.text
    for name in HOSTILE_NAMES.values():
        answer = client.get(f"{API}/explain/people/{quote(name, safe='')}")
        assert answer.status_code == 404, name


def test_devices_are_listed_by_what_is_asked_for(client: httpx.Client) -> None:
    def names(**asked: str | int | bool) -> list[str]:
        answer = client.get(f"{API}/devices", params=asked)
        assert answer.status_code == 200, answer.text
        return [device["hostname"] for device in answer.json()["items"]]

    assert names() == ["mac-8", "mac-9", "mac/7"]
    assert names(without_person=True) == ["mac-8"]
    assert names(in_conflict=True) == ["mac-9"]
    assert names(unenrolled=True) == []
    assert sorted(names(changed_since="2020-01-01T00:00:00Z")) == names()
    page = client.get(f"{API}/devices", params={"limit": 2}).json()
    assert page["total"] == 3
    assert names(limit=2, cursor=page["next_cursor"]) == ["mac/7"]
    naive = client.get(f"{API}/devices", params={"changed_since": "2020-01-01T00:00:00"})
    assert naive.status_code == 422
