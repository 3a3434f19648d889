"""The pages over HTTP and a real database: what they show, what they start and decide, and who may."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr

from moss_jamf_pipeline.companion.identity.sessions import SessionReader
from moss_jamf_pipeline.companion.pages import conflicts, dashboard, plans, quarantine, sign_in
from moss_jamf_pipeline.companion.surroundings import Surroundings
from moss_jamf_pipeline.services.requested_runs import RunAtWork
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.companion.conftest import Companion, Moss, Starter, served
from tests.companion.test_pages import field, page_of
from tests.db.support import Bench, second_server
from tests.support.auth_js import SECRET
from tests.support.hostile_names import HOSTILE_NAMES

_MACS = 3


@pytest.fixture
def inventory(bench: Bench) -> Bench:
    """Three linked Macs whose JAMF records have other names, buildings and asset tags."""
    bench.execute(
        """update public.integration_configs
           set sync_settings = '{"guard": {"rename": {"absolute": 0}}}'"""
    )
    bench.building("7", "Lakeside")
    north = bench.location("North")
    for number in map(str, range(_MACS)):
        bench.linked_device(
            number,
            serial_number=f"SERIAL{number}",
            hostname=f"old-{number}",
            location_id=north,
            asset_tag=f"A-{number}",
        )
        bench.computer(
            number,
            f"SERIAL{number}",
            hostname=f"new-{number}",
            building_id="7",
            model="MacBook Pro",
            asset_tag=f"B-{number}",
        )
    return bench


def quarantined(bench: Bench, label: str = "MBA-1") -> int:
    """A record that cannot be used, and its number in the quarantine."""
    bench.computer("99", is_usable=False, hostname=label)
    version = bench.value(
        "select version_id from jamf_sync.raw_jamf where collection = 'computers' and jamf_id = '99'"
    )
    number: int = bench.value(
        """insert into jamf_sync.quarantine
             (integration_id, collection, jamf_id, version_id, reason, detail, is_whole_record)
           values (%s, 'computers', '99', %s, 'serial_number_missing', 'JAMF has no serial number.', true)
           returning quarantine_id""",
        *(bench.integration.id, version),
    )
    return number


def words(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def post(browser: httpx.Client, page: str, path: str, **data: Any) -> httpx.Response:
    """Sends a form of a page as a browser without JavaScript does."""
    browser.headers.pop("X-CSRF-Token", None)
    return browser.post(path, data={"csrf_token": field(page, "csrf_token"), **data})


def test_every_page_is_for_whoever_its_role_allows(companion: Companion, inventory: Bench) -> None:
    plan = inventory.sync()
    entry = quarantined(inventory)
    numbers = {"plan_id": plan.plan_id, "quarantine_id": entry}
    numbers["conflict_id"] = inventory.value("select max(conflict_id) from jamf_sync.conflicts")
    user, nobody = companion.signed_in("user"), companion.client()
    seen = set()
    for part in (sign_in, dashboard, plans, conflicts, quarantine):
        for route in part.ROUTER.routes:
            assert isinstance(route, APIRoute)
            address = route.path.format(**numbers)
            for method in sorted(route.methods or ()):
                seen.add((method, route.name))
                form: dict[str, Any] = {} if method == "GET" else {"data": {"scope": "everything"}}
                assert nobody.request(method, address, **form).status_code == 401, address
                status = user.request(method, address, **form).status_code
                if route.name == "page_sign_out":
                    assert status == 303
                elif method == "POST" or route.name == "page_quarantined":
                    assert status in {403, 422}, (address, status)
                else:
                    assert status in {200, 409}, (address, status)
    assert {name for _, name in seen} >= {
        *("page_dashboard", "page_plans", "page_plan", "page_held", "page_revert"),
        *("page_conflicts", "page_conflict", "page_quarantine", "page_quarantined"),
    }
    assert companion.starter.orders == []
    assert companion.moss.acts() == []


def test_the_dashboard_says_how_things_stand(companion: Companion, inventory: Bench) -> None:
    browser = companion.signed_in("user")
    before = words(page_of(browser.get("/jamf/")))
    assert "Nothing was synced yet." in before
    assert "— held changes" in before
    assert "— open conflicts" in before

    plan = inventory.plan()
    page_of(browser.get(f"/jamf/plans/{plan.plan_id}/held"))  # the guard judges it
    inventory.execute(
        """insert into integration_sync_history
             (integration_config_id, sync_type, status, sync_started_at, sync_completed_at, duration_seconds,
              items_processed, items_created, items_updated, items_skipped, items_failed)
           select %s, 'full', status, now() - minutes * interval '1 minute', now(), 12.5, 30, 0, minutes, 0, 0
           from (values ('success', 400), ('failed', 10)) as run (status, minutes)""",
        inventory.integration.id,
    )
    companion.starter.unended.append(RunAtWork("abc", "sync_jamf", "STARTED", datetime.now(UTC)))
    page = page_of(browser.get("/jamf/"))
    said = words(page)
    assert "The last sync failed." in said
    assert f"{_MACS} changes wait for an approval." in said
    assert f"{_MACS} held changes" in said
    assert 'href="http://127.0.0.1:3000/runs/abc"' in page
    assert "computers 0 just now" in said  # zero is zero
    assert "1 ended well, 1 failed. Together they created 0 objects and updated 410." in said
    assert page.count('class="bar-updated"') == 2
    assert 'role="img"' in page
    assert "Sync now" not in page
    assert page_of(browser.get("/jamf/?page=9"))


def test_when_dagster_is_away_the_dashboard_says_so(companion: Companion, starter: Any) -> None:
    starter.is_away = True
    assert "not known: Dagster does not answer" in words(
        page_of(companion.signed_in("user").get("/jamf/"))
    )


def test_what_nobody_foresaw_is_a_page_too_with_a_number_to_look_up(
    companion: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(slug: str) -> None:
        raise ZeroDivisionError(slug)

    monkeypatch.setattr(companion.starter, "at_work", fail)
    answer = companion.signed_in("user").get("/jamf/")
    page = page_of(answer, 500)
    assert "ZeroDivisionError" in page
    assert answer.headers["X-Request-Id"] in page
    monkeypatch.undo()
    companion.moss.connection.execute("drop table jamf_sync.plan_guard cascade")
    assert "The database refused a statement" in words(
        page_of(companion.signed_in("user").get("/jamf/plans"), 503)
    )


def test_a_sync_is_started_once_however_often_the_form_is_sent(companion: Companion) -> None:
    browser = companion.signed_in("admin")
    page = page_of(browser.get("/jamf/"))
    key = field(page, "request_key")
    for _ in range(2):
        answer = browser.post(
            "/jamf/syncs",
            data={
                "csrf_token": field(page, "csrf_token"),
                "request_key": key,
                "scope": "plan",
                "sweep": "full",
            },
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/jamf/?run=run-0")
    (order,) = companion.starter.orders
    assert (order.options.scope, order.options.sweep) == ("plan", "full")
    assert order.triggered_by == "admin@example.com"
    companion.starter.unended.append(RunAtWork("run-0", "plan_jamf", "STARTED"))
    led_to = answer.headers["location"]
    assert "The run that you started is at work." in words(page_of(browser.get(led_to)))
    refused = post(browser, page, "/jamf/syncs", scope="everything")
    assert "The run run-0 (plan_jamf) is at work already" in words(page_of(refused, 409))


def test_a_form_without_its_token_or_of_another_site_starts_nothing(companion: Companion) -> None:
    browser = companion.signed_in("admin")
    page = page_of(browser.get("/jamf/"))
    del browser.headers["X-CSRF-Token"]
    forged = browser.post("/jamf/syncs", data={"scope": "everything", "csrf_token": "0" * 64})
    assert "another site" in words(page_of(forged, 403))
    browser.headers["Sec-Fetch-Site"] = "cross-site"
    assert (
        browser.post(
            "/jamf/syncs", data={"scope": "everything", "csrf_token": field(page, "csrf_token")}
        ).status_code
        == 403
    )
    assert companion.starter.orders == []


def test_a_plan_is_shown_folded_by_object_field_and_rule(
    companion: Companion, inventory: Bench
) -> None:
    plan = inventory.plan()
    browser = companion.signed_in("user")
    assert f"Plan {plan.plan_id}" in words(page_of(browser.get("/jamf/plans")))
    address = f"/jamf/plans/{plan.plan_id}"
    folded = words(page_of(browser.get(address)))
    assert f"{_MACS} devices model empty → becomes MacBook Pro" in folded
    assert "1 device hostname old-0 → becomes new-0 old-0" in folded or "new-0" in folded

    objects = page_of(
        browser.get(address, params={"view": "objects", "label": "new-1", "type": ""})
    )
    assert "1 objects." in words(objects)
    assert "SERIAL1" in objects
    assert "new-2" not in objects
    by_rule = words(page_of(browser.get(address, params={"view": "objects", "rule": "jamf_wins"})))
    assert f"{_MACS} objects." in by_rule
    assert "No object is as asked for." in words(
        page_of(browser.get(address, params={"view": "objects", "action": "unenroll"}))
    )
    assert "device · model" in words(page_of(browser.get(address, params={"view": "fields"})))
    assert "jamf_wins" in words(page_of(browser.get(address, params={"view": "rules"})))
    kept = words(page_of(browser.get(address, params={"view": "suppressed"})))
    assert "asset tag A-0 B-0" in kept
    assert page_of(browser.get("/jamf/plans/999"), 404)
    assert page_of(browser.get(address, params={"view": "nothing"}), 422)


def test_what_is_held_is_approved_by_name_and_with_a_reason(
    companion: Companion, inventory: Bench
) -> None:
    plan = inventory.plan()
    browser = companion.signed_in("admin")
    address = f"/jamf/plans/{plan.plan_id}"
    page = page_of(browser.get(f"{address}/held"))
    said = words(page)
    assert "old-1 device SERIAL1 1 update hostname: old-1 → becomes new-1" in said or (
        "SERIAL1" in said and "new-1" in said
    )
    nothing = post(browser, page, f"{address}/approve", reason="why not")
    assert "No kind of held change was chosen" in words(page_of(nothing, 422))
    answer = post(browser, page, f"{address}/approve", kinds=["rename"], reason=" a new scheme ")
    assert answer.status_code == 303
    (order,) = companion.starter.orders
    assert (order.options.plan_id, order.options.approve, order.options.approval_reason) == (
        plan.plan_id,
        ("rename",),
        "a new scheme",
    )
    (act,) = companion.moss.acts()
    assert (act["action"], act["details"]["reason"]) == ("approve_changes", "a new scheme")
    applied = post(browser, page, f"{address}/apply")
    assert applied.status_code == 303
    assert companion.starter.orders[1].options.approve == ()


def test_a_plan_is_undone_after_a_look(companion: Companion, inventory: Bench) -> None:
    plan = inventory.sync()
    browser = companion.signed_in("admin")
    address = f"/jamf/plans/{plan.plan_id}/revert"
    inventory.execute("update devices set hostname = 'mine' where hostname = 'new-0'")
    page = page_of(browser.get(address))
    assert "hostname: new-0 → becomes mine" in words(page)
    assert "was not confirmed" in words(page_of(post(browser, page, address), 422))
    assert post(browser, page, address, confirmed="yes").status_code == 303
    (order,) = companion.starter.orders
    assert order.options.plan_id > plan.plan_id
    only = page_of(browser.get(address, params={"type": "person"}))
    assert "Nothing of it can be undone" in words(only)
    again = post(browser, page, address, type="person", confirmed="yes")
    assert "Nothing of plan" in words(page_of(again, 409))


def test_a_conflict_is_decided_side_by_side_and_alike_ones_as_one(
    companion: Companion, inventory: Bench
) -> None:
    inventory.sync()
    browser = companion.signed_in("admin")
    queue = page_of(browser.get("/jamf/conflicts"))
    said = words(queue)
    assert f"{_MACS} devices" in said
    assert "Field location M.O.S.S. North JAMF Lakeside" in said
    like = re.search(r"like=(\d+)", queue)
    assert like is not None
    single = words(page_of(browser.get("/jamf/conflicts", params={"like": like[1]})))
    assert single.count("North Lakeside") == _MACS

    page = page_of(browser.get(f"/jamf/conflicts/{like[1]}"))
    side = words(page)
    assert "read just now" in side
    assert "M.O.S.S.'s value stays, and this pair of values is not raised again." in side
    assert f"all {_MACS} that are about the same" in side
    answer = post(
        browser,
        page,
        "/jamf/conflicts/decide",
        conflict_ids=like[1],
        like=like[1],
        resolution="keep_moss",
        reason="they sit in North",
    )
    assert answer.headers["location"] == f"/jamf/conflicts?decided={_MACS}&done=keep_moss"
    assert f"{_MACS} conflicts were decided" in words(
        page_of(browser.get(answer.headers["location"]))
    )
    shown = page_of(browser.get(f"/jamf/conflicts/{like[1]}"))
    assert "admin@example.com decided: keep M.O.S.S.. “they sit in North”" in words(shown)
    again = post(browser, shown, "/jamf/conflicts/reopen", conflict_ids=like[1])
    assert again.headers["location"] == "/jamf/conflicts?decided=1&done=reopen"
    assert [act["action"] for act in companion.moss.acts()] == [
        "resolve_conflict",
        "reopen_conflict",
    ]
    tags = inventory.query(
        "select conflict_id from jamf_sync.conflicts where field = 'asset_tag' order by 1"
    )
    some = [row["conflict_id"] for row in tags[:2]]
    ticked = post(
        browser, shown, "/jamf/conflicts/decide", conflict_ids=some, resolution="take_jamf"
    )
    assert "decided=2" in ticked.headers["location"]
    empty = post(browser, shown, "/jamf/conflicts/decide", resolution="pin")
    assert "No conflict was chosen" in words(page_of(empty, 422))


def test_the_quarantine_shows_the_record_to_administrators_only(
    companion: Companion, inventory: Bench
) -> None:
    number = quarantined(inventory)
    user = companion.signed_in("user")
    listed = page_of(user.get("/jamf/quarantine"))
    assert "JAMF has no serial number." in words(listed)
    assert f"/jamf/quarantine/{number}" not in listed
    assert page_of(user.get(f"/jamf/quarantine/{number}"), 403)
    shown = page_of(companion.signed_in("admin").get(f"/jamf/quarantine/{number}"))
    assert '"MBA-1"' in unescape(shown)
    assert "Nothing is as asked for." in words(
        page_of(user.get("/jamf/quarantine", params={"reason": "too_long"}))
    )
    assert page_of(user.get("/jamf/quarantine/1234567"), 403)


def test_hostile_names_do_nothing_on_any_page(companion: Companion, inventory: Bench) -> None:
    names = list(HOSTILE_NAMES.values())
    for number, name in enumerate(names):
        jamf_id = str(100 + number)
        bench_name = name.replace("\x00", "")
        inventory.linked_device(
            jamf_id, serial_number=f"SER{jamf_id}", hostname=f"h-{number}", asset_tag=f"T{number}"
        )
        inventory.computer(jamf_id, f"SER{jamf_id}", hostname=bench_name, asset_tag=bench_name)
    quarantined(inventory, HOSTILE_NAMES["a script"])
    plan = inventory.sync()
    admin = companion.signed_in("admin")
    conflict = inventory.value("select max(conflict_id) from jamf_sync.conflicts")
    address = f"/jamf/plans/{plan.plan_id}"
    for path in (
        "/jamf/",
        address,
        f"{address}?view=objects",
        f"{address}?view=fields",
        f"{address}?view=rules",
        f"{address}?view=suppressed",
        f"{address}?view=objects&label=%3Cimg+src%3Dx%3E&field=%22%3E%3Cscript%3E",
        f"{address}/revert",
        "/jamf/conflicts",
        "/jamf/conflicts?view=single&label=%22%3E%3Cscript%3E",
        "/jamf/conflicts?view=single",
        f"/jamf/conflicts/{conflict}",
        "/jamf/quarantine",
        f"/jamf/quarantine/{inventory.value('select max(quarantine_id) from jamf_sync.quarantine')}",
    ):
        page = page_of(admin.get(path))
        assert not re.search(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", page
        ), path


def test_of_several_servers_each_is_shown_and_none_is_guessed(
    moss: Moss, starter: Starter, bench: Bench
) -> None:
    second_server(bench, "Lab & <b>")
    settings = Settings(
        moss_database_url=SecretStr(moss.url), integration_list="JAMF Pro,Lab & <b>,Gone"
    )
    with (
        Workplace(settings) as workplace,
        served(Surroundings(workplace, starter, SessionReader(SECRET))) as url,
    ):
        browser = Companion(url, moss, starter).signed_in("admin")
        every = page_of(browser.get("/jamf/"))
        assert words(every).count("Nothing was synced yet.") == 2
        assert "Gone" in words(every)
        assert 'href="/jamf/?integration=Lab+%26+%3Cb%3E"' in every
        which = browser.get("/jamf/conflicts")
        page = page_of(which, 300)
        assert 'href="/jamf/conflicts?integration=Lab+%26+%3Cb%3E"' in page
        lab = page_of(browser.get("/jamf/", params={"integration": "Lab & <b>"}))
        assert 'href="/jamf/plans?integration=Lab+%26+%3Cb%3E"' in lab
        action = re.search(r'action="([^"]*syncs[^"]*)"', lab)
        assert action is not None
        assert post(browser, lab, unescape(action[1]), scope="users").status_code == 303
        assert [order.slug for order in starter.orders] == ["lab_b"]
        assert page_of(browser.get("/jamf/", params={"integration": "Gone"}), 404)
