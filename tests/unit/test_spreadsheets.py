"""Lists as CSV and as workbooks: nothing in a cell acts, and a list of any length takes little memory."""

import csv
import io
import resource
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest

from moss_jamf_pipeline.rendering.spreadsheets import csv_pieces, write_workbook
from moss_jamf_pipeline.scrubbing import remember_secret
from moss_jamf_pipeline.services.exports import Export, Values
from tests.support.hostile_names import HOSTILE_NAMES
from tests.support.workbooks import links_of, sheets_of


def _export(*rows: Values) -> Export:
    columns = tuple(f"column_{number}" for number in range(len(rows[0])))
    return Export("conflicts", columns, iter(rows))


def _workbook(export: Export) -> bytes:
    file = io.BytesIO()
    write_workbook(export, file, title="A list")
    return file.getvalue()


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_case_s09_no_name_acts_in_a_workbook(name: str) -> None:
    workbook = _workbook(_export((name, "next")))
    ((heading, row),) = sheets_of(workbook)
    assert heading == {"A": "column_0", "B": "column_1"}
    assert row["B"] == "next"
    assert row["A"].strip()[0] not in "=+-@\uff1d\t"
    assert links_of(workbook) == []


def test_both_formats_hold_the_same_and_a_workbook_holds_times_and_numbers() -> None:
    moment = datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    object_id = UUID("0b8b7f5e-4c55-4b8c-9d3e-0d2f3a1c7e11")
    row = (7, None, True, moment, object_id, ("a", "b"), "=1+1")
    (_, cells), *_ = sheets_of(_workbook(_export(row)))
    assert cells == {
        "A": "7",
        "C": "1",
        "D": "46082.5",  # noon of the 1st of March 2026, UTC, as spreadsheets count days
        "E": str(object_id),
        "F": "a, b",
        "G": "'=1+1",
    }
    _, line = csv.reader(io.StringIO("".join(csv_pieces(_export(row)))))
    told = "2026-03-01T14:00:00+02:00"
    assert line == ["7", "", "True", told, str(object_id), "a, b", "'=1+1"]


def test_a_text_that_no_cell_holds_is_cut_and_a_secret_is_taken_out() -> None:
    remember_secret("a-secret-of-the-test-of-spreadsheets")
    texts = ("x" * 40_000, "it says a-secret-of-the-test-of-spreadsheets")
    ((_, cells),) = sheets_of(_workbook(_export(texts)))
    assert len(cells["A"]) == 32_767
    assert "a-secret-of" not in cells["B"] + "".join(csv_pieces(_export(texts)))


def test_an_empty_list_has_its_headings() -> None:
    empty = Export("devices", ("hostname",), iter(()))
    assert sheets_of(_workbook(empty)) == [[{"A": "hostname"}]]
    assert "".join(csv_pieces(Export("devices", ("hostname",), iter(())))) == '"hostname"\n'


@pytest.mark.nightly
def test_what_a_sheet_does_not_hold_goes_on_the_next_in_the_memory_of_a_page() -> None:
    rows: Iterator[Values] = ((f"MAC-{number}", "x" * 200) for number in range(1_048_600))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryFile() as file:
        write_workbook(Export("devices", ("hostname", "detail"), rows), file, title="All")
        assert file.tell() > 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
