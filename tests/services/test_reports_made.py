"""Reports against a real database: what they say of a fleet, what needs somebody first; and the page needs nothing."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integration.history import close_history, open_history
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.plan.guard import guard_plan
from moss_jamf_pipeline.notifying.reports import publish
from moss_jamf_pipeline.rendering.reports import POLICY, report_markdown, report_page
from moss_jamf_pipeline.services.reports.contents import Bars, Columns, Grid, Lines, Report
from moss_jamf_pipeline.services.reports.making import kept_page, list_kept, make_report
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.db.support import Bench
from tests.services.conftest import CHOICE
from tests.support.hostile_names import HOSTILE_NAMES
from tests.support.receivers import mail_receiver


def _report(bench: Bench, *, is_weekly: bool = False) -> Report:
    now = datetime.now(UTC) + timedelta(seconds=1)
    integration = find_integration(bench.connection)
    return make_report(bench.connection, integration, Settings(), now, is_weekly=is_weekly)


def _blocks(report: Report) -> dict[str, Any]:
    return {block.title: block for section in report.sections for block in section.blocks}


def _bars(block: Bars) -> dict[str, int]:
    return {bar.label: bar.count for bar in block.bars if bar.count}


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    """Three Macs of different systems, a conflict, a held renaming, and a record that cannot be used."""
    bench.execute(
        "update public.integration_configs set sync_settings = %s",
        Jsonb({"guard": {"rename": {"absolute": 0}}}),
    )
    bench.integration = find_integration(bench.connection)
    now = datetime.now(UTC)
    for number, version, days in (("1", "15.6.1", 3), ("2", "26.1", 400), ("3", "10.15.7", None)):
        bench.linked_device(number, serial_number=f"S{number}", hostname="old", asset_tag="A")
        bench.computer(
            number,
            f"S{number}",
            hostname=f"new-{number}",
            os_version=version,
            model=f"Mac {number}",
            asset_tag="B" if number == "1" else "A",
            enrolled_at=None if days is None else now - timedelta(days=days),
            contact=None if days is None else now - timedelta(days=days),
        )
    bench.computer("9", is_usable=False)
    plan = bench.plan()
    guard_plan(bench.connection, bench.integration, plan.plan_id)
    bench.apply(plan)
    return bench


def test_a_report_says_how_the_fleet_stands_and_what_needs_somebody_first(fleet: Bench) -> None:
    report = _report(fleet)
    assert [each.heading for each in report.attention if each.is_urgent] == [
        "Changes wait for an approval"
    ]
    assert [each.heading for each in report.attention][1:] == [
        "Conflicts wait for a decision",
        "Macs that JAMF has not heard of",
    ]
    assert {figure.name: figure.count for figure in report.figures}["linked_devices"] == 3
    blocks = _blocks(report)
    assert [bar.label for bar in blocks["Systems"].bars] == ["macOS 26", "macOS 15", "macOS 10.15"]
    assert _bars(blocks["Models, the commonest"]) == {"Mac 1": 1, "Mac 2": 1, "Mac 3": 1}
    assert _bars(blocks["Enrolled since"]) == {
        "less than a month": 1,
        "1 to 2 years": 1,
        "not known": 1,
    }
    assert _bars(blocks["Last contact"]) == {
        "this week": 1,
        "more than 3 months ago": 1,
        "not known": 1,
    }
    written = blocks["What syncs wrote, day by day"]
    assert isinstance(written, Columns)
    assert sum(day.created + day.updated for day in written.days) > 0
    assert len(written.days) == 14
    waited = blocks["How much waited"]
    assert isinstance(waited, Lines)
    assert [line[-1].count for _, line in waited.lines] == [1, 0]
    assert len(_blocks(_report(fleet, is_weekly=True))["How much waited"].lines[0][1]) == 28


def test_what_people_decided_is_told_by_name(fleet: Bench) -> None:
    plan_id = fleet.value("select max(plan_id) from jamf_sync.plans")
    fleet.execute(
        """insert into jamf_sync.plan_approvals (plan_id, kind, approved_by, run_id, released, reason)
           values (%s, 'rename', 'ada@example.org', 'run-1', 3, 'They were renamed.')""",
        plan_id,
    )
    fleet.execute(
        """update jamf_sync.conflicts set status = 'resolved', resolution = 'keep_moss',
             resolved_by = 'mei@example.org', resolved_at = now()"""
    )
    blocks = _blocks(_report(fleet))
    let_through, decided = blocks["Let through"], blocks["Decided on conflicts"]
    assert isinstance(let_through, Grid)
    who, _, plan, *rest = let_through.rows[0]
    assert (who, plan, rest) == ("ada@example.org", plan_id, ["rename", 3, "They were renamed."])
    assert decided.rows[0][0] == "mei@example.org"
    fleet.execute("update jamf_sync.plan_approvals set approved_at = now() - interval '2 days'")
    assert "Let through" not in _blocks(_report(fleet))
    assert "Let through" in _blocks(_report(fleet, is_weekly=True))


def test_before_anything_happened_no_section_is_empty(bench: Bench) -> None:
    report = _report(bench)
    assert (report.sections, report.attention) == ((), ())
    assert "Nothing needs anybody." in report.summary
    assert "Nothing needs anybody." in report_page(report)


class _Loads(HTMLParser):
    """Finds what a page would load, and what would act in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"script", "img", "link", "iframe", "object", "embed", "form"}:
            self.found.append(tag)
        self.found += [name for name in given if name in {"src", "style"} or name.startswith("on")]


def test_the_page_loads_nothing_and_no_name_acts_in_it(fleet: Bench) -> None:
    for number, name in enumerate(HOSTILE_NAMES.values(), start=20):
        fleet.execute(
            """insert into jamf_sync.conflicts (integration_id, object_type, external_id, kind, detail,
                 opened_by_plan, status, resolution, resolved_by, resolved_at)
               values (%s, 'device', %s, 'owned_field_differs', 'x', 1, 'resolved', 'keep_moss', %s, now())""",
            *(fleet.integration.id, str(number), name.replace("\x00", "")),
        )
    for run_id, status in (("run-1", "success"), ("run-2", "failed")):
        open_history(fleet.connection, fleet.integration.id, run_id=run_id, sync_type="full",
                     triggered_by="<script>alert(1)</script>")  # fmt: skip
        close_history(
            fleet.connection,
            run_id=run_id,
            status="success" if status == "success" else "failed",
            error_message=None if status == "success" else "No.",
        )
    page = report_page(_report(fleet), lambda to: f"https://moss.example.org/jamf/{to}")
    loads = _Loads()
    loads.feed(page)
    assert loads.found == []
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert 'href="https://moss.example.org/jamf/conflicts"' in page
    assert set(re.findall(r'href="(https?://[^/"]+)', page)) == {"https://moss.example.org"}
    assert POLICY.startswith("default-src 'none'")
    markdown = report_markdown(_report(fleet))
    assert "<" not in markdown
    assert "**What changed**" in markdown


def test_a_report_is_kept_written_and_mailed(
    fleet: Bench, workplace: Workplace, tmp_path: Path
) -> None:
    with mail_receiver() as receiver:
        settings = Settings(
            state_directory=tmp_path,
            smtp_host="127.0.0.1",
            smtp_port=receiver.port,
            smtp_security="none",
            mail_from="moss-jamf@example.org",
            mail_to="it@example.org,ada@example.org",
            companion_link_url="https://moss.example.org",
            jamf_client_secret=SecretStr("a-secret-that-is-in-no-report"),
        )
        for is_weekly in (False, True):
            report = _report(fleet, is_weekly=is_weekly)
            published = publish(
                fleet.connection, fleet.integration, CHOICE, settings, report, "run-1"
            )
        assert published.troubles == ()
    # By default only the weekly one is sent.
    (letter,) = receiver.letters
    assert published.mailed_to == 2
    assert letter["Subject"].startswith("[moss-jamf] JAMF Pro: weekly report of ")
    assert "Changes wait for an approval" in receiver.text()
    assert (
        f'<a href="https://moss.example.org/jamf/reports/{published.report_id}"' in receiver.page()
    )
    assert "<svg" not in receiver.page()
    (attachment,) = letter.iter_attachments()
    assert "<svg" in attachment.get_content()
    assert published.file == tmp_path / "reports" / "jamf_pro-weekly.html"
    assert published.file.stat().st_mode & 0o777 == 0o600
    page = published.file.read_bytes()
    assert kept_page(workplace, CHOICE) == page == kept_page(workplace, CHOICE, published.report_id)
    kept = list_kept(workplace, CHOICE)
    assert [each.is_weekly for each in kept] == [True, False]
    assert "Changes wait for an approval" in kept.items[0].summary
    with pytest.raises(NothingCaptured, match="There is no report 4711"):
        kept_page(workplace, CHOICE, 4711)


def test_a_mail_that_is_not_taken_keeps_no_report_from_being_kept(
    fleet: Bench, workplace: Workplace, tmp_path: Path
) -> None:
    settings = Settings(
        state_directory=tmp_path, smtp_host="127.0.0.1", smtp_port=1, report_mail="each",
        mail_from="moss-jamf@example.org", mail_to="it@example.org",
    )  # fmt: skip
    (tmp_path / "reports").write_text("no folder")
    report = _report(fleet)
    published = publish(fleet.connection, fleet.integration, CHOICE, settings, report, None)
    assert len(published.troubles) == 2
    assert (published.file, published.mailed_to) == (None, 0)
    assert kept_page(workplace, CHOICE, published.report_id)
