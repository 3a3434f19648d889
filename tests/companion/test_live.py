"""Live data over HTTP, against a JAMF that answers, hangs, is away, refuses, or knows something personal."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from moss_jamf_pipeline.services.jamf_now import Breaker
from moss_jamf_pipeline.simulator import Faults
from moss_jamf_pipeline.simulator.faults import Latency
from tests.companion.conftest import API, Companion, problem
from tests.companion.site import PERSONAL, Site

HANGS = Faults(latency=Latency(milliseconds=30_000))


@pytest.fixture
def companion(site: Site) -> Iterator[Companion]:
    with site.companion() as companion:
        yield companion


def _live(companion: Companion, either_id: object, part: str = "live") -> dict[str, Any]:
    answer = companion.signed_in("user").get(f"{API}/device/{either_id}/{part}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_device_is_shown_as_jamf_has_it_now_by_either_id(
    site: Site, companion: Companion
) -> None:
    device_id = site.linked("device", "3")
    by_moss = _live(companion, device_id)
    assert by_moss["told"]["source"] == "live"
    assert (by_moss["told"]["device_id"], by_moss["told"]["jamf_id"]) == (str(device_id), "3")
    assert by_moss["told"]["href"] == f"{site.jamf.base_url}/computers.html?id=3&o=r"
    assert by_moss["enrolment"]["is_managed"] is True
    assert by_moss["security"]["file_vault"] == {"state": "on", "words": "Enabled"}
    assert by_moss["machine"]["disk_available_megabytes"] > 0
    assert by_moss["contact"]["inventory_lag_seconds"] >= 0
    assert by_moss["applications"] > 0
    assert by_moss["lacking"] == []
    assert _live(companion, "3") == by_moss
    # Both, and what the parts are asked for, by one request of what is needed and nothing else.
    apps = _live(companion, "3", "apps")["items"]
    assert len(apps) == by_moss["applications"]
    assert len(_live(companion, "3", "profiles")["items"]) == by_moss["profiles"]
    (asked,) = site.refusing.asked
    assert "LOCAL_USER_ACCOUNTS" not in asked
    assert {"SECURITY", "STORAGE"} <= asked
    assert "lastLoggedIn" not in str(by_moss)


def test_who_has_the_answer_is_told_so_and_jamf_is_asked_once_a_minute_or_anew(
    site: Site, companion: Companion
) -> None:
    client = companion.signed_in("user")
    path = f"{API}/device/3/live"
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert len(site.refusing.asked) == 1


def test_many_who_ask_at_once_are_answered_by_one_request(site: Site, companion: Companion) -> None:
    site.jamf.set_faults(Faults(latency=Latency(path="computers-inventory/", milliseconds=300)))
    client = companion.signed_in("user")
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: client.get(f"{API}/device/4/live").json(), range(8))]
    assert {answer["told"]["source"] for answer in answers} == {"live"}
    assert len(site.refusing.asked) == 1


def test_a_jamf_that_hangs_costs_three_seconds_once_and_the_capture_tells(
    site: Site, companion: Companion
) -> None:
    site.jamf.set_faults(HANGS)
    began = time.monotonic()
    found = _live(companion, "3")
    assert time.monotonic() - began < 15  # of the thirty that JAMF takes
    told = found["told"]
    assert (told["source"], told["is_pending"]) == ("capture", False)
    assert told["as_of"]
    assert told["name"] == site.jamf.fleet.computers["3"].name
    assert "did not answer within 3 s" in told["why_not_live"]
    assert told["remedy"]
    # What the capture holds is told, and what it does not hold is not made up.
    assert found["machine"]["serial_number"] == site.jamf.fleet.computers["3"].serial_number
    assert (found["security"], found["applications"]) == (None, None)


def test_after_some_failures_jamf_is_left_alone_for_a_while(site: Site) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with site.companion(jamf_base_url=f"http://127.0.0.1:{port}") as companion:
        found = [_live(companion, jamf_id)["told"] for jamf_id in ("1", "2", "3", "4", "5", "6")]
    assert {told["source"] for told in found} == {"capture"}
    assert "is not asked for another" in found[-1]["why_not_live"]
    assert "is not asked" not in found[0]["why_not_live"]
    assert found[0]["why_not_live"].count("127.0.0.1") >= 1


def test_a_breaker_opens_tries_with_one_request_and_closes() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(5):
        assert breaker.admits
        breaker.failed()
    assert not breaker.admits
    assert breaker.seconds_to_wait == 30
    now[0] = 30
    assert (breaker.admits, breaker.admits) == (True, False)
    breaker.failed()
    assert (breaker.admits, breaker.seconds_to_wait) == (False, 30)
    now[0] = 60
    assert breaker.admits
    breaker.succeeded()
    assert (breaker.admits, breaker.admits) == (True, True)


def test_wrong_credentials_are_tried_once_and_not_again_and_again(site: Site) -> None:
    with site.companion(jamf_client_id="nobody") as companion:
        found = [_live(companion, jamf_id)["told"] for jamf_id in ("1", "2", "3")]
    assert "gives no token" in found[0]["why_not_live"]
    assert "is not asked" in found[1]["why_not_live"]
    assert site.jamf.requests.of("token") <= 2  # the newer path and the older one


def test_without_the_privilege_the_capture_tells_and_the_privilege_is_named(
    site: Site, companion: Companion
) -> None:
    site.jamf.set_faults(Faults(removed_privileges=frozenset({"Read Computers"})))
    told = _live(companion, "3")["told"]
    assert told["source"] == "capture"
    assert '"Read Computers"' in told["remedy"]


def test_a_section_that_may_not_be_read_says_so_and_the_rest_is_shown(
    site: Site, companion: Companion
) -> None:
    site.refusing.sections |= {"SECURITY", "GROUP_MEMBERSHIPS"}
    found = _live(companion, "3")
    assert found["told"]["source"] == "live"
    lacking = {each["section"]: each["why"] for each in found["lacking"]}
    assert set(lacking) == {"SECURITY", "GROUP_MEMBERSHIPS"}
    assert "View Security" in lacking["SECURITY"]  # JAMF's own words
    assert '"Read Static Computer Groups"' in lacking["GROUP_MEMBERSHIPS"]
    assert found["groups"] is None
    assert found["machine"]["model"]
    assert found["security"]["file_vault"]["state"] == "on"  # another section's
    assert found["security"]["gatekeeper"]["state"] == "unknown"
    # It is remembered: the next computer takes one request.
    site.refusing.asked.clear()
    assert _live(companion, "4")["told"]["source"] == "live"
    assert len(site.refusing.asked) == 1


def test_of_a_personally_owned_computer_nothing_is_told_and_jamf_is_not_asked(
    site: Site, companion: Companion
) -> None:
    for part in ("live", "apps", "profiles"):
        found = _live(companion, PERSONAL, part)
        told = found.pop("told")
        assert told["is_personal"] is True
        assert (told["name"], told["as_of"]) == (None, None)
        assert not any(found.values())
    assert site.refusing.asked == []


def test_of_a_computer_that_became_personal_since_the_capture_nothing_is_told(
    site: Site, companion: Companion
) -> None:
    site.jamf.fleet.computers["6"].apple_enrollment_type = "user"
    try:
        found = _live(companion, "6")
    finally:
        site.jamf.fleet.computers["6"].apple_enrollment_type = "supervised"
    told = found.pop("told")
    assert (told["is_personal"], told["name"]) == (True, None)
    assert not any(found.values())


def test_odd_records_are_told_as_far_as_they_can_be(site: Site, companion: Companion) -> None:
    computer = site.jamf.fleet.computers["8"]
    computer.overrides = {
        "storage": {"bootDriveAvailableSpaceMegabytes": "much"},
        "general": {"name": "<b>Odd</b>", "reportDate": "2999-01-01T00:00:00Z"},
        "hardware": {"batteryCapacityPercent": -1, "batteryHealth": "UNSUPPORTED"},
        "security": {"gatekeeperStatus": "SOMETHING_NEW"},
        "diskEncryption": {
            "bootPartitionEncryptionDetails": {
                "partitionFileVault2State": "ENCRYPTING",
                "partitionFileVault2Percent": 42,
            }
        },
        "applications": None,
    }
    try:
        found = _live(companion, "8")
    finally:
        computer.overrides = {}
    assert found["told"]["name"] == "<b>Odd</b>"
    assert found["contact"]["last_inventory_at"] is None
    assert found["machine"]["has_battery"] is False
    assert found["machine"]["battery_percent"] is None
    assert found["security"]["gatekeeper"] == {"state": "unknown", "words": "Something new"}
    assert found["security"]["file_vault"] == {"state": "partly", "words": "Encrypting (42 %)"}
    assert {each["section"] for each in found["lacking"]} == {"STORAGE", "APPLICATIONS"}


def test_what_jamf_no_longer_has_is_said_to_be_gone(site: Site, companion: Companion) -> None:
    removed = site.jamf.fleet.computers.pop("9")
    try:
        told = _live(companion, "9")["told"]
    finally:
        site.jamf.fleet.computers["9"] = removed
    assert (told["is_gone"], told["href"]) == (True, None)


def test_who_is_unknown_is_404_and_jamf_is_not_asked(site: Site, companion: Companion) -> None:
    client = companion.signed_in("user")
    for unknown in ("4711", "0b8b7f5e-4c55-4b8c-9d3e-0d2f3a1c7e11"):
        answer = client.get(f"{API}/device/{unknown}/live")
        assert answer.status_code == 404
        assert problem(answer)["type"] == "urn:moss-jamf:problem:device-unknown"
    assert client.get(f"{API}/device/..%2Fusers/live").status_code in {404, 422}
    assert site.refusing.asked == []


@pytest.mark.parametrize(
    ("kind", "jamf_id", "page"),
    [
        ("device", "3", "computers.html?id=3&o=r"),
        ("person", "2", "users.html?id=2&o=r"),
    ],
)
def test_links_lead_to_jamf_by_either_id(
    site: Site, companion: Companion, kind: str, jamf_id: str, page: str
) -> None:
    client = companion.signed_in("user")

    def found(object_id: object) -> list[dict[str, Any]]:
        parameters = {"object_type": kind, "object_id": str(object_id)}
        answer = client.get(f"{API}/links", params=parameters).json()["found"]
        assert isinstance(answer, list)
        return answer

    (link,) = found(site.linked(kind, jamf_id))
    assert link["href"] == f"{site.jamf.base_url}/{page}"
    assert found(jamf_id) == [link]
    assert found("no such") == []


def test_links_of_groups_are_of_their_kind_and_templates_can_be_replaced(
    site: Site, companion: Companion
) -> None:
    client = companion.signed_in("user")
    for group in site.jamf.fleet.groups.values():
        parameters = {"object_type": "group", "object_id": group.id}
        (link,) = client.get(f"{API}/links", params=parameters).json()["found"]
        page = "smartComputerGroups" if group.is_smart else "staticComputerGroups"
        assert link["href"] == f"{site.jamf.base_url}/{page}.html?id={group.id}&o=r"
    change = "update integration_configs set sync_settings = sync_settings || %s"
    connection = site.moss.connection
    connection.execute(
        change, ('{"deep_links": {"device": "https:&#x2F;&#x2F;mdm.example&#x2F;mac&#x2F;{id}"}}',)
    )
    try:
        answer = client.get(f"{API}/links", params={"object_type": "device", "object_id": "3"})
        assert answer.json()["found"][0]["href"] == "https://mdm.example/mac/3"
    finally:
        connection.execute(
            "update integration_configs set sync_settings = sync_settings - 'deep_links'"
        )


def test_an_integration_that_m_o_s_s_lacks_is_no_trouble_of_the_others(site: Site) -> None:
    device_id = site.linked("device", "3")
    with site.companion(integration_list="Gone, JAMF Pro") as companion:
        client = companion.signed_in("user")
        answer = client.get(f"/jamf/fragments/devices/{device_id}")
    assert (answer.status_code, answer.json()["kind"]) == (200, "device")


def test_a_fragment_is_a_page_of_its_own_for_frames_and_links(
    site: Site, companion: Companion
) -> None:
    client = companion.signed_in("user")
    page = client.get(f"/jamf/embedded/devices/{site.linked('device', '3')}")
    assert page.status_code == 200
    assert "Security Posture" in page.text
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    group = next(iter(site.jamf.fleet.groups))
    assert (
        "synced from JAMF Pro"
        in client.get(f"/jamf/embedded/groups/{site.linked('group', group)}").text
    )
    nobody = "0b8b7f5e-4c55-4b8c-9d3e-0d2f3a1c7e11"
    assert client.get(f"/jamf/embedded/people/{nobody}").status_code == 404
    assert companion.client().get(f"/jamf/embedded/people/{nobody}").status_code == 401
