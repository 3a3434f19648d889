"""The pages of single objects, how they are found, and the lists of Macs."""

from datetime import UTC, datetime

import httpx
import pytest

from tests.companion.conftest import Companion
from tests.companion.test_pages import page_of
from tests.db.support import Bench
from tests.support.hostile_names import HOSTILE_NAMES

_SLOT = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    """A Mac that was renamed, one in conflict, one without a person, one that is personally owned."""
    bench.user("1", username="ada", full_name="Ada Nyberg", email="ada@example.org")
    bench.computer_group("3", "Lab / West")
    bench.computer("7", hostname="mac-old", username="ada", static_group_ids=["3"])
    bench.computer("8", hostname="mac-8")
    bench.linked_device("9", serial_number="SERIAL9", hostname="mac-9", asset_tag="MOSS")
    bench.computer("9", hostname="mac-9", asset_tag="JAMF", username="ada")
    bench.computer("5", hostname="private-mac", username="ada")
    bench.cover("computers", bench.captures["computers"].capture_id, [_SLOT])
    bench.sync()
    bench.capture_again("computers")
    bench.computer("7", hostname="mac-new", username="ada", static_group_ids=["3"])
    bench.personal_computer("5")
    bench.sync()
    return bench


@pytest.fixture
def browser(companion: Companion, fleet: Bench) -> httpx.Client:
    """Somebody who is signed in."""
    return companion.signed_in("user")


def test_a_mac_s_page_tells_both_sides_why_and_what_happened(
    browser: httpx.Client, fleet: Bench
) -> None:
    device = fleet.match_of("device_matches", "7")["device_id"]
    page = page_of(browser.get(f"/jamf/objects/devices/{device}"))
    for text in (
        "mac-new",
        "SERIAL7",
        "Host name changed.",
        "jamf_wins",
        "Ada Nyberg",
        "Lab / West",
    ):
        assert text in page
    then = page_of(browser.get(f"/jamf/objects/devices/{device}?as_of=2026-11-20-06:00"))
    assert "JAMF says mac-new by now." in then
    assert '<option value="2026-11-20-06:00" selected>' in then
    page_of(browser.get(f"/jamf/objects/devices/{device}?as_of=2026-11-20-05:00"), 422)
    page_of(browser.get(f"/jamf/objects/devices/{device}?as_of=2020-11-20-06:00"), 404)
    assert page_of(browser.get(f"/jamf/objects/devices/{device}?page=9"))


def test_who_looks_for_an_object_is_led_to_it_by_its_id(
    browser: httpx.Client, fleet: Bench
) -> None:
    device = fleet.match_of("device_matches", "7")["device_id"]
    for kind, sought, place in (
        ("devices", "SERIAL7", f"devices/{device}"),
        ("people", "ada@example.org", "people/"),
        ("groups", "Lab / West", "groups/"),
    ):
        answer = browser.get("/jamf/objects", params={"kind": kind, "sought": sought})
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(f"/jamf/objects/{place}")
        page_of(browser.get(answer.headers["Location"]))
    unknown = page_of(browser.get("/jamf/objects", params={"sought": "no-such-mac"}), 404)
    assert "It was looked for among the host names" in unknown
    for name in HOSTILE_NAMES.values():
        page_of(browser.get("/jamf/objects", params={"sought": name}), 404)
    fleet.device(hostname="MAC-8", serial_number="OTHER8")
    unclear = page_of(browser.get("/jamf/objects", params={"sought": "mac-8"}), 409)
    assert "SERIAL8" in unclear
    assert "OTHER8" in unclear


def test_of_a_personally_owned_computer_no_page_shows_more_than_that(
    browser: httpx.Client, fleet: Bench
) -> None:
    page = page_of(browser.get("/jamf/objects/devices/jamf:5"))
    assert "personally owned" in page
    pages = [page, page_of(browser.get("/jamf/objects"))]
    pages.append(page_of(browser.get("/jamf/objects/people/ada@example.org")))
    assert "a personally-owned device" in pages[-1]
    for shown in pages:
        assert "private-mac" not in shown
        assert "SERIAL5" not in shown


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        ("all", {"mac-new", "mac-8", "mac-9"}),
        ("without-person", {"mac-8"}),
        ("in-conflict", {"mac-9"}),
        ("unenrolled", set()),
        ("changed", {"mac-new", "mac-8", "mac-9"}),
    ],
)
def test_lists_of_macs_lead_to_each(browser: httpx.Client, view: str, shown: set[str]) -> None:
    page = page_of(browser.get("/jamf/objects", params={"view": view}))
    assert {name for name in ("mac-new", "mac-8", "mac-9") if name in page} == shown
    assert ("JAMF names nobody." in page) == (view in ("without-person", "all", "changed"))


def test_conflicts_and_plans_lead_to_their_objects(browser: httpx.Client, fleet: Bench) -> None:
    device = fleet.match_of("device_matches", "9")["device_id"]
    conflict = fleet.value(
        "select max(conflict_id) from jamf_sync.conflicts where object_id = %s", device
    )
    assert f'href="/jamf/objects/devices/{device}"' in page_of(
        browser.get(f"/jamf/conflicts/{conflict}")
    )
