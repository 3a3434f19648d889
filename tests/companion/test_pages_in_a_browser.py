"""The pages in a real browser: from a button to a decision, by keyboard, without JavaScript, and by axe."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.sync import Order, sync
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.rendering.reports import report_page
from moss_jamf_pipeline.services.reports.making import keep, make_report
from moss_jamf_pipeline.services.requested_runs import RunAtWork, StartOrder
from moss_jamf_pipeline.settings import Settings
from tests.companion.conftest import Companion, Starter
from tests.companion.site import Site
from tests.companion.test_pages_at_work import inventory, quarantined
from tests.db.support import Bench
from tests.support.auth_js import COOKIE, session_of
from tests.support.programs import program

__all__ = ["inventory"]

_DESK = ViewportSize(width=1280, height=900)
_PHONE = ViewportSize(width=390, height=844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = program("chromium", "chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(browser: Browser, companion: Companion, user: str, **how: Any) -> BrowserContext:
    """A browser in which somebody is signed in to M.O.S.S."""
    context = browser.new_context(base_url=companion.url, viewport=_DESK, **how)
    context.set_default_timeout(10_000)
    session = session_of(companion.moss.users[user])
    context.add_cookies([{"name": COOKIE, "value": session, "url": companion.url}])
    return context


class Syncing(Starter):
    """Starts syncs, as Dagster would: each is at work elsewhere until it has ended."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site
        self.threads: list[threading.Thread] = []

    def start(self, order: StartOrder) -> str:
        run_id = super().start(order)
        self.unended.append(RunAtWork(run_id, "sync_jamf", "STARTED"))
        self.threads.append(threading.Thread(target=self._sync, args=(order,)))
        self.threads[-1].start()
        return run_id

    def _sync(self, order: StartOrder) -> None:
        database = MossDatabase(self._site.moss.url)
        try:
            sync(
                SCOPES[order.options.scope],
                database,
                self._site.settings,
                order=Order(plan_id=order.options.plan_id, approve=order.options.approve),
                triggered_by=order.triggered_by,
            )
        finally:
            database.dispose()
            self.unended.clear()


def test_from_a_button_to_a_plan_to_a_conflict_to_a_decision_that_the_next_sync_carries_out(
    browser: Browser, site: Site
) -> None:
    device = site.linked("device", "1")
    (jamf_tag,) = site.moss.connection.execute(
        "select asset_tag from devices where id = %s", [device]
    ).fetchone() or (None,)
    site.moss.connection.execute("update devices set asset_tag = 'BY-HAND' where id = %s", [device])
    syncing = Syncing(site)
    with (
        site.companion(starter=syncing) as companion,
        signed_in(browser, companion, "admin") as context,
    ):
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto("/jamf/")
        page.get_by_role("button", name="Sync now").click()
        # Nobody reloads: the page asks again by itself.
        expect(page.get_by_role("status")).to_contain_text("has ended", timeout=30_000)
        page.get_by_role("status").get_by_role("link", name="see plan").click()
        page.get_by_role("link", name="Kept from M.O.S.S.").click()
        expect(page.locator("#view table")).to_contain_text("BY-HAND")

        page.get_by_role("navigation", name="Pages", exact=True).get_by_role(
            "link", name="Conflicts"
        ).click()
        card = page.locator(".conflict", has_text="BY-HAND")
        card.get_by_role("link").click()
        expect(page.locator(".side-moss")).to_contain_text("BY-HAND")
        expect(page.locator(".side-jamf")).to_contain_text(str(jamf_tag))
        page.get_by_label("Why").fill("the label was swapped")
        page.get_by_role("button", name="Take JAMF").click()
        expect(page.get_by_role("status")).to_contain_text("1 conflict was decided: JAMF is taken")

        page.goto("/jamf/")
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_role("status")).to_contain_text("has ended", timeout=30_000)
        for thread in syncing.threads:
            thread.join()
        assert errors == []
    written = site.moss.connection.execute(
        "select asset_tag from devices where id = %s", [device]
    ).fetchone()
    assert written == (jamf_tag,)


def test_a_conflict_is_decided_without_javascript(
    browser: Browser, companion: Companion, inventory: Bench
) -> None:
    inventory.sync()
    with signed_in(browser, companion, "admin", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/jamf/conflicts")
        card = page.locator(".conflict", has_text="Lakeside")
        card.locator("summary").click()
        card.get_by_role("button", name="Pin").click()
        expect(page.get_by_role("status")).to_contain_text("3 conflicts were decided: pinned")
    pinned = inventory.value("select count(*) from jamf_sync.conflicts where resolution = 'pin'")
    assert pinned == 3


_TABLES: Final = ("=fields", "=rules", "=suppressed", "/plans", "/nowhere")
_AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def _serious(page: Page) -> list[str]:
    """What axe finds that is in somebody's way."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']][:3]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("is_thorough", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_every_page_can_be_used_by_everybody_in_both_themes_at_a_desk_and_on_a_phone(
    browser: Browser,
    companion: Companion,
    inventory: Bench,
    is_thorough: bool,
) -> None:
    entry = quarantined(inventory)
    inventory.sync()
    applied = inventory.sync().plan_id
    inventory.computer("1", "SERIAL1", hostname="newer-1")
    plan = inventory.plan().plan_id
    conflict = inventory.value("select max(conflict_id) from jamf_sync.conflicts")
    inventory.execute(
        """insert into integration_sync_history
             (integration_config_id, sync_type, status, sync_started_at, duration_seconds, items_created)
           select %s, 'full', status, now(), 3, 5
           from unnest('{success,partial,failed,in_progress}'::text[]) as status""",
        inventory.integration.id,
    )
    made = make_report(inventory.connection, inventory.integration, Settings(), datetime.now(UTC))
    report = keep(inventory.connection, inventory.integration, made, report_page(made), None)
    with signed_in(browser, companion, "admin") as context:
        page = context.new_page()
        paths = (
            *("/jamf/", "/jamf/plans", f"/jamf/plans/{plan}", f"/jamf/plans/{plan}/held"),
            *(f"/jamf/plans/{plan}?view={v}" for v in ("objects", "fields", "rules", "suppressed")),
            f"/jamf/plans/{applied - 1}/revert",
            *("/jamf/conflicts", "/jamf/conflicts?view=single", f"/jamf/conflicts/{conflict}"),
            *("/jamf/quarantine", f"/jamf/quarantine/{entry}", "/jamf/sign-in", "/jamf/nowhere"),
            *("/jamf/webhooks", "/jamf/reports", f"/jamf/reports/{report}"),
        )
        # Views of a plan are tables as others are.
        paths = paths if is_thorough else tuple(p for p in paths if not p.endswith(_TABLES))
        ways = [(scheme, size) for scheme in ("light", "dark") for size in (_DESK, _PHONE)]
        for place, path in enumerate(paths):
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            for scheme, size in ways if is_thorough else (ways[3 * (place % 2)],):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
                page.set_viewport_size(size)
                assert _serious(page) == [], (path, scheme)
                too_wide = page.evaluate(
                    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
                )
                assert not too_wide, (path, size)


def test_the_keyboard_goes_through_the_queue_in_order_and_the_focus_is_seen(
    browser: Browser, companion: Companion, inventory: Bench
) -> None:
    inventory.sync()
    with signed_in(browser, companion, "admin") as context:
        page = context.new_page()
        page.goto("/jamf/conflicts")
        stops = []
        for _ in range(40):
            page.keyboard.press("Tab")
            where = page.evaluate(
                """() => {
                  const at = document.activeElement, style = getComputedStyle(at);
                  const name = (at.innerText || at.name || at.tagName).split(/\\s+/).join(" ");
                  return [name, parseFloat(style.outlineWidth),
                          at.getBoundingClientRect().top + scrollY];
                }"""
            )
            stops.append(where)
            if where[0] == "BODY" or "API description" in where[0]:
                break
        names = [name for name, _, _ in stops]
        assert names[0] == "Skip to the content"
        assert names[1:6] == [
            "M.O.S.S. and JAMF Pro",
            "Dashboard",
            "Plans",
            "Conflicts",
            "Quarantine",
        ]
        assert all(width >= 2 for name, width, _ in stops if name != "BODY"), stops
        in_the_page = [top for name, _, top in stops[6:] if name != "BODY"]
        assert len(in_the_page) > 6
        # Fields of one row stand side by side, and links a few pixels higher than the button beside them.
        assert all(after > before - 60 for before, after in pairwise(in_the_page))
        page.keyboard.press("Home")
        page.goto("/jamf/conflicts")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
