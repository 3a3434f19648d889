"""Reports as the companion hands them out."""

from datetime import UTC, datetime

from markupsafe import escape

from moss_jamf_pipeline.rendering.reports import POLICY, report_page
from moss_jamf_pipeline.services.reports.making import keep, make_report
from moss_jamf_pipeline.settings import Settings
from tests.companion.conftest import Companion
from tests.db.support import Bench


def test_reports_are_listed_and_each_is_handed_out_as_it_was_made(
    companion: Companion, bench: Bench
) -> None:
    client = companion.signed_in("user")
    assert "No report was made yet" in client.get("/jamf/reports").text
    report = make_report(bench.connection, bench.integration, Settings(), datetime.now(UTC))
    page = report_page(report)
    number = keep(bench.connection, bench.integration, report, page, "run-1")

    listed = client.get("/jamf/reports").text
    assert f'href="/jamf/reports/{number}"' in listed
    assert "Nothing needs anybody." in listed
    answer = client.get(f"/jamf/reports/{number}")
    assert answer.text == page
    # Its own style is in it, which the policy of the other pages would not let in; the page itself says which that is.
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    assert f'content="{escape(POLICY)}"' in page
    assert "There is no report 4711" in client.get("/jamf/reports/4711").text
    assert companion.client().get(f"/jamf/reports/{number}").status_code == 401
