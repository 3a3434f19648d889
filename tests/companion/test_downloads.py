"""Downloads: the lists of the pages, whole, for a spreadsheet."""

import csv
import io

import pytest

from tests.companion.conftest import Companion
from tests.db.support import Bench
from tests.support.workbooks import sheets_of


@pytest.fixture
def plan(bench: Bench) -> int:
    """A plan, a conflict, and a linked Mac."""
    bench.linked_device("1", serial_number="SERIAL1", hostname="mac-1", asset_tag="A-1")
    bench.computer("1", "SERIAL1", hostname="=1+1", asset_tag="B-1")
    return bench.sync().plan_id


def test_each_list_is_handed_out_whole_in_both_formats(companion: Companion, plan: int) -> None:
    client = companion.signed_in("user")
    for name in ("plan", "conflicts", "devices"):
        as_csv = client.get(f"/jamf/exports/{name}.csv")
        book = client.get(f"/jamf/exports/{name}.xlsx")
        assert (as_csv.status_code, book.status_code) == (200, 200), as_csv.text
        disposition = f'attachment; filename="jamf_pro-{name}.csv"'
        assert as_csv.headers["Content-Disposition"] == disposition
        assert as_csv.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert book.headers["Content-Length"] == str(len(book.content))
        rows = list(csv.reader(io.StringIO(as_csv.text)))
        (sheet,) = sheets_of(book.content)
        assert rows[0] == list(sheet[0].values())
        assert len(rows) == len(sheet) > 1, name
    assert '"\'=1+1"' in client.get("/jamf/exports/plan.csv").text


def test_the_page_of_a_list_leads_to_all_of_it(companion: Companion, plan: int) -> None:
    client = companion.signed_in("user")
    for page, address in {
        f"/jamf/plans/{plan}": f"/jamf/exports/plan.xlsx?plan={plan}",
        "/jamf/objects": "/jamf/exports/devices.csv",
        "/jamf/conflicts": "/jamf/exports/conflicts.csv",
    }.items():
        assert f'href="{address}"' in client.get(page).text
        assert client.get(address).status_code == 200


def test_what_is_no_list_of_ours_is_a_page_that_says_so(companion: Companion) -> None:
    client = companion.signed_in("user")
    assert "There is no plan 987654" in client.get("/jamf/exports/plan.csv?plan=987654").text
    assert client.get("/jamf/exports/people.csv").status_code == 422
    assert client.get("/jamf/exports/plan.pdf").status_code == 422
    assert companion.client().get("/jamf/exports/devices.csv").status_code == 401
