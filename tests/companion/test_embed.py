"""The script in pages that have M.O.S.S.'s hooks, rendered by real React in a real browser."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

from moss_jamf_pipeline.companion.pages.embedding import script
from moss_jamf_pipeline.simulator import Faults
from moss_jamf_pipeline.simulator.faults import Latency
from tests.companion.conftest import Companion
from tests.companion.moss_pages import HERE, behind_one_host
from tests.companion.site import PERSONAL, Site
from tests.support.auth_js import COOKIE, session_of
from tests.support.programs import program

_NOBODY = "0b8b7f5e-4c55-4b8c-9d3e-0d2f3a1c7e11"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = program("chromium", "chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A person in a browser, on M.O.S.S.'s pages.

    Attributes:
        page: the tab of the browser.
        asked: the fragments that were asked for.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, request: Request) -> None:
        if "/jamf/fragments/" in request.url:
            self.asked.append(urlsplit(request.url).path)

    def go(self, path: str) -> None:
        """Opens a page."""
        self.page.goto(f"{self.url}{path}")
        self.page.wait_for_function("window.root !== undefined")

    def settled(self) -> None:
        """Waits until what was asked for is answered and drawn."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    @property
    def ours(self) -> list[str]:
        """What of ours is in the page."""
        found: list[str] = self.page.evaluate(
            "[...document.querySelectorAll('[data-moss-jamf]')].map(e => e.dataset.mossJamf).sort()"
        )
        return found

    def picture(self, name: str) -> None:
        """Takes a picture, if somebody wants to look at it."""
        if folder := os.environ.get("MOSS_JAMF_PICTURES"):
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    def assert_unharmed(self) -> None:
        """Neither React nor the browser has anything to report."""
        assert self.page.evaluate("window.reactErrors") == []
        assert self.errors == []


@pytest.fixture(scope="module")
def hosted(whole_site: Site) -> Iterator[Companion]:
    with whole_site.companion(behind_one_host) as companion:
        yield companion


@pytest.fixture
def visit(site: Site, hosted: Companion, browser: Browser) -> Iterator[Visit]:
    with _visiting(site, hosted, browser) as visit:
        yield visit


@contextmanager
def _visiting(site: Site, companion: Companion, browser: Browser) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(5_000)
    session = session_of(site.moss.users["user"])
    context.add_cookies([{"name": COOKIE, "value": session, "url": companion.url}])
    page = context.new_page()
    yield Visit(page, companion.url)
    context.close()


def _text(panel: Locator) -> str:
    """What is in a panel of ours, shown or not."""
    found: str = panel.evaluate("panel => panel.shadowRoot.querySelector('.jamf').textContent")
    return " ".join(found.split())


def _tab(page: Page) -> Any:
    return page.get_by_role("tab", name="MDM Info")


def test_a_device_has_the_tab_with_what_the_strategy_draws(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.go(f"/devices/{site.linked('device', '3')}")
    expect(_tab(page)).to_be_visible()
    expect(page.get_by_text("Rendered 1 times")).to_be_visible()  # M.O.S.S.'s own panel stays
    _tab(page).click()
    expect(page.get_by_text("Rendered 1 times")).to_be_hidden()
    panel = page.locator("#tabpanel-moss-jamf")
    text = _text(panel)
    in_order = (
        *("JAMF Pro", "View in JAMF", "Last Check-In", "Enrollment Status", "Enrolled"),
        *("MDM Profile", "Security Posture", "FileVault: Enabled ✓", "Gatekeeper: Enabled ✓"),
        *("System Integrity Protection: Enabled ✓", "Installed Software", "applications managed"),
        *("View Full List in JAMF", "Group Memberships", "[JAMF] ", "View All Groups in JAMF"),
    )
    places = [text.find(words) for words in in_order]
    assert -1 not in places, text
    assert places == sorted(places), text
    link = page.get_by_role("link", name="View in JAMF").first
    assert link.get_attribute("href") == f"{site.jamf.base_url}/computers.html?id=3&o=r"
    assert visit.ours == ["header", "panel", "style", "tab"]
    assert len(visit.asked) == 1
    visit.picture("device")
    # M.O.S.S.'s own tabs take over again, the one that React holds for active, too.
    page.get_by_role("tab", name="Overview").click()
    expect(page.get_by_text("Rendered 1 times")).to_be_visible()
    expect(panel).to_be_hidden()
    _tab(page).click()
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text("Panel history")).to_be_visible()
    expect(panel).to_be_hidden()
    visit.assert_unharmed()


def test_the_tab_is_reached_by_the_keyboard_like_its_neighbours(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.go(f"/devices/{site.linked('device', '3')}")
    expect(_tab(page)).to_be_visible()
    page.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("End")
    expect(_tab(page)).to_be_focused()
    expect(_tab(page)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#tabpanel-moss-jamf")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Overview")).to_be_focused()
    expect(page.locator("#tabpanel-moss-jamf")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(_tab(page)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="History")).to_be_focused()
    expect(page.get_by_text("Panel history")).to_be_visible()
    page.keyboard.press("ArrowLeft")  # M.O.S.S.'s own way
    expect(page.get_by_role("tab", name="Interfaces/Ports")).to_be_focused()
    expect(page.get_by_text("Panel ios")).to_be_visible()
    visit.assert_unharmed()


def test_it_survives_rendering_and_leaves_with_its_page(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.go(f"/devices/{site.linked('device', '3')}")
    _tab(page).click()
    page.evaluate("window.rerender()")
    expect(page.locator("#tabpanel-moss-jamf")).to_be_visible()
    page.evaluate("window.reloadDetail()")  # React throws the tabs away, and makes new ones
    expect(page.get_by_text("Rendered 2 times")).to_be_visible()
    expect(_tab(page)).to_be_visible()
    expect(_tab(page)).to_have_attribute("aria-selected", "false")
    other = site.linked("device", "4")
    page.evaluate(f"window.visit('/devices/{other}')")
    _tab(page).click()
    expect(page.locator("#tabpanel-moss-jamf")).to_contain_text("View in JAMF")
    href = page.get_by_role("link", name="View in JAMF").first.get_attribute("href")
    assert href == f"{site.jamf.base_url}/computers.html?id=4&o=r"
    page.evaluate("window.visit('/devices')")
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()
    visit.settled()
    assert visit.ours == []
    assert len(visit.asked) == 2
    page.go_back()
    expect(_tab(page)).to_be_visible()
    visit.assert_unharmed()


def test_a_person_has_the_card_at_the_end_of_the_overview(site: Site, visit: Visit) -> None:
    row = site.moss.connection.execute(
        """select p.id, count(*) from people p join devices d on d.assigned_to_id = p.id
           join integration_object_mappings m on m.internal_id = p.id and m.external_type = 'user'
           group by p.id order by 2 desc limit 1"""
    ).fetchone()
    assert row is not None
    page = visit.page
    visit.go(f"/people/{row[0]}")
    card = page.locator('#tabpanel-overview .column > [data-moss-jamf="card"]:last-child')
    expect(card).to_contain_text(f"Devices ({row[1]})")
    expect(card).to_contain_text("JAMF Profile")
    expect(card).to_contain_text("Groups (")
    page.evaluate("window.rerender()")
    visit.picture("person")
    page.get_by_role("tab", name="Groups").click()
    expect(card).to_have_count(0)
    page.get_by_role("tab", name="Overview").click()
    expect(card).to_be_visible()
    assert visit.ours == ["card", "header"]
    assert len(visit.asked) == 1
    visit.assert_unharmed()


@pytest.mark.parametrize("is_smart", [True, False])
def test_a_group_has_the_banner_above_its_panel(
    site: Site, visit: Visit, *, is_smart: bool
) -> None:
    group = next(each for each in site.jamf.fleet.groups.values() if each.is_smart is is_smart)
    page = visit.page
    visit.go(f"/groups/{site.linked('group', group.id)}")
    banner = page.locator('[data-moss-jamf="banner"]')
    expect(banner).to_contain_text("This group is synced from JAMF Pro")
    expect(banner).to_contain_text("Membership is managed in JAMF.")
    expect(banner).to_contain_text("Last synced:")
    kind = "smart" if is_smart else "static"
    href = banner.get_by_role("link", name="View in JAMF").get_attribute("href")
    assert href == f"{site.jamf.base_url}/{kind}ComputerGroups.html?id={group.id}&o=r"
    page.get_by_role("tab", name="Members").click()
    expect(page.get_by_text("Panel members")).to_be_visible()
    expect(banner).to_be_visible()
    top = page.evaluate(
        """document.querySelector('[data-moss-jamf="banner"]').getBoundingClientRect().bottom
           <= document.querySelector('[role="tabpanel"]').getBoundingClientRect().top"""
    )
    assert top
    visit.picture(f"group_{kind}")
    visit.assert_unharmed()


def test_the_page_of_integrations_leads_to_the_dashboard(visit: Visit) -> None:
    visit.go("/admin/integrations")
    link = visit.page.get_by_role("link", name="Open the dashboard")
    expect(link).to_be_visible()
    assert link.get_attribute("href") == "/jamf/"
    visit.page.evaluate("window.rerender()")
    expect(visit.page.get_by_text("Rendered 2 times")).to_be_visible()
    expect(link).to_be_visible()
    visit.picture("integrations")
    visit.assert_unharmed()


@pytest.mark.parametrize(
    "path",
    [
        f"/devices/{_NOBODY}",
        f"/people/{_NOBODY}",
        f"/groups/{_NOBODY}",
        "/devices",
        "/devices/new",
    ],
)
def test_nothing_appears_on_what_is_none_of_jamf_s(visit: Visit, path: str) -> None:
    visit.go(path)
    visit.page.get_by_role("heading").first.wait_for()
    visit.settled()
    assert visit.ours == []
    assert len(visit.asked) == (1 if _NOBODY in path else 0)
    visit.assert_unharmed()


@pytest.mark.parametrize("without", ["tablist", "panel"])
def test_where_a_hook_is_missing_nothing_appears(site: Site, visit: Visit, without: str) -> None:
    visit.go(f"/devices/{site.linked('device', '3')}?without={without}")
    expect(visit.page.get_by_role("heading", name="devices")).to_be_visible()
    visit.settled()
    assert set(visit.ours) <= {"header"}
    visit.assert_unharmed()


def test_who_is_not_signed_in_sees_m_o_s_s_as_it_is(site: Site, visit: Visit) -> None:
    visit.page.context.clear_cookies()
    visit.go(f"/devices/{site.linked('device', '3')}")
    expect(visit.page.get_by_role("tab", name="Overview")).to_be_visible()
    visit.settled()
    assert visit.ours == []
    visit.assert_unharmed()


def test_a_personal_device_shows_that_it_is_one_and_nothing_else(site: Site, visit: Visit) -> None:
    visit.go(f"/devices/{site.linked('device', PERSONAL)}")
    _tab(visit.page).click()
    panel = visit.page.locator("#tabpanel-moss-jamf")
    expect(panel).to_contain_text("personally owned")
    expect(panel).not_to_contain_text("Last Check-In")
    visit.picture("personal")


def test_while_jamf_hangs_the_capture_is_shown_at_once_and_can_be_renewed(
    site: Site, browser: Browser
) -> None:
    with (
        site.companion(behind_one_host) as companion,
        _visiting(site, companion, browser) as visit,
    ):
        site.jamf.set_faults(Faults(latency=Latency(milliseconds=30_000)))
        page = visit.page
        visit.go(f"/devices/{site.linked('device', '5')}")
        expect(_tab(page)).to_be_visible(timeout=2_000)
        panel = page.locator("#tabpanel-moss-jamf")
        assert "when it was last captured" in _text(panel)
        _tab(page).click()
        expect(panel).to_contain_text("did not answer within 3 s")
        visit.picture("jamf_hangs")
        site.jamf.clear_faults()
        buttons = page.locator("#tabpanel-moss-jamf [data-again]")
        # What failed a moment ago is told once more; then JAMF is asked again.
        while "Live" not in _text(panel):
            buttons.focus()
            page.keyboard.press("Enter")
            expect(buttons).not_to_contain_text("Asking")
        expect(panel).to_contain_text("Live, as of")
        expect(page.get_by_role("button", name="Refresh")).to_be_focused()
        expect(panel).to_contain_text("FileVault: Enabled")
        visit.assert_unharmed()


@pytest.mark.parametrize(
    ("kind", "jamf_id", "part"),
    [("device", "3", "panel"), ("person", "2", "card"), ("group", "1", "banner")],
)
def test_what_appears_can_be_read_by_everybody_on_a_phone_too(
    site: Site, visit: Visit, kind: str, jamf_id: str, part: str
) -> None:
    page = visit.page
    page.set_viewport_size({"width": 390, "height": 800})
    folder = {"device": "devices", "person": "people", "group": "groups"}[kind]
    visit.go(f"/{folder}/{site.linked(kind, jamf_id)}")
    if kind == "device":
        _tab(page).click()
    expect(page.locator(f'[data-moss-jamf="{part}"]')).to_be_visible()
    visit.picture(f"phone_{kind}")
    found = Axe().run(page, context=f'[data-moss-jamf="{part}"]')
    serious = [
        (each["id"], each["nodes"][0]["html"])
        for each in found.response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    too_wide = page.evaluate(
        f"""document.querySelector('[data-moss-jamf="{part}"]').getBoundingClientRect().right > 391"""
    )
    assert not too_wide


def test_names_are_shown_as_text(site: Site, visit: Visit) -> None:
    evil = '<img src=x onerror="window.evil=1">'
    computer = site.jamf.fleet.computers["10"]
    computer.overrides = {
        "groupMemberships": [{"groupId": "1", "groupName": evil, "smartGroup": True}],
        "hardware": {"model": evil},
    }
    try:
        visit.go(f"/devices/{site.linked('device', '10')}")
        _tab(visit.page).click()
        expect(visit.page.locator("#tabpanel-moss-jamf")).to_contain_text(f"[JAMF] {evil} (Smart)")
    finally:
        computer.overrides = {}
    assert visit.page.evaluate("window.evil") is None


def test_the_script_is_small_and_react_is_what_its_authors_published() -> None:
    assert len(script().compressed) <= 15 * 1024
    listed = json.loads((HERE / "vendor" / "vendored.json").read_text())
    assert len(listed) == 4
    for each in listed:
        content = (HERE / "vendor" / each["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
        assert (HERE / "vendor" / each["licence_file"]).exists()


def test_the_script_has_an_address_for_ever_and_one_that_never_changes(
    hosted: Companion,
) -> None:
    client = hosted.client()
    newest = client.get("/jamf/embed.js")
    assert newest.headers["Cache-Control"] == "public, max-age=300"
    assert (
        client.get("/jamf/embed.js", headers={"If-None-Match": newest.headers["ETag"]}).status_code
        == 304
    )
    this_one = client.get(f"/jamf/{script().digest}/embed.js")
    assert "immutable" in this_one.headers["Cache-Control"]
    assert this_one.content == newest.content == script().content
    assert client.get("/jamf/0123456789abcdef/embed.js").status_code == 404
