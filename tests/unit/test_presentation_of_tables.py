"""Tables for the Dagster UI: whatever a cell holds, the table stays a table and the value itself."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moss_jamf_pipeline.moss.plan.planning import ObjectCounts
from moss_jamf_pipeline.orchestration.presentation import (
    counts_metadata,
    counts_table,
    markdown_table,
)

_ZERO = dict.fromkeys((name for name in ObjectCounts.__slots__ if name != "object_type"), 0)


def _cells(markdown: str | None) -> list[list[str]]:
    """The body of a table of one column, read as Markdown reads it: only unescaped pipes part cells."""
    assert markdown is not None
    lines = markdown.split("\n")[2:]
    return [
        [
            cell.strip()
            for cell in line.replace("\\\\", "\1").replace("\\|", "\0").strip("|").split("|")
        ]
        for line in lines
    ]


def test_no_rows_are_said_in_words() -> None:
    assert markdown_table([], "No open conflict.").value == "*No open conflict.*"


def test_columns_are_headed_by_their_names_in_order() -> None:
    table = markdown_table([{"label": "mac-1", "action": "create"}], "").value
    assert table is not None
    assert [cell.strip() for cell in table.split("\n")[0].strip("|").split("|")] == [
        "label",
        "action",
    ]


def test_a_pipe_does_not_end_its_cell() -> None:
    assert _cells(markdown_table([{"a": "x|y", "b": "z"}], "").value) == [["x\0y", "z"]]


def test_a_backslash_before_a_pipe_does_not_undo_its_escape() -> None:
    assert _cells(markdown_table([{"a": "x\\|y\\", "b": "z"}], "").value) == [["x\1\0y\1", "z"]]


def test_a_long_cell_is_cut_with_an_ellipsis() -> None:
    ((cell,),) = _cells(markdown_table([{"a": "m" * 500}], "").value)
    assert cell == "m" * 59 + "…"


def test_a_cell_of_exactly_the_limit_stays_whole() -> None:
    assert _cells(markdown_table([{"a": "m" * 60}], "").value) == [["m" * 60]]


def test_null_and_absent_values_are_empty_cells() -> None:
    rows: list[dict[str, Any]] = [{"a": None, "b": 1}, {"a": "x"}]
    assert _cells(markdown_table(rows, "").value) == [["", "1"], ["x", ""]]


@pytest.mark.parametrize(
    "text", ["15.10", "24E264", "00412", "1e5", "0x1F", "nan", "inf", "12345678901234567890"]
)
def test_text_that_looks_like_a_number_is_shown_as_it_is(text: str) -> None:
    assert _cells(markdown_table([{"os_build": text}], "").value) == [[text]]


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb", "a\n\nb"])
def test_a_line_break_does_not_end_its_row(text: str) -> None:
    assert _cells(markdown_table([{"a": text, "b": "z"}], "").value) == [["a b", "z"]]


def test_identifiers_and_times_are_shown() -> None:
    row = {"id": UUID(int=7), "at": datetime(2026, 11, 22, 12, tzinfo=UTC)}
    assert _cells(markdown_table([row], "").value) == [
        ["00000000-0000-0000-0000-000000000007", "2026-11-22 12:00:00+00:00"]
    ]


@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_any_texts_give_one_row_each_of_one_cell(texts: list[str]) -> None:
    cells = _cells(markdown_table([{"a": text} for text in texts], "").value)
    assert [len(row) for row in cells] == [1] * len(texts)


def test_counts_that_are_seldom_are_shown_only_where_there_are_any() -> None:
    quiet = ObjectCounts("device", **_ZERO)
    busy = ObjectCounts("group", **{**_ZERO, "seen": 3, "moved": 2, "removed": 1})
    assert "moved" not in counts_metadata(quiet)
    assert counts_metadata(busy)["moved"] == 2
    assert counts_metadata(None) == {}
    body = _cells(counts_table([quiet, busy]).value)
    assert body[0] == ["device", "0", "0", "0", "0", "0", "0", "0", "", ""]
    assert body[1] == ["group", "3", "0", "0", "0", "0", "0", "0", "1", "2"]


def test_a_wide_table_fits_the_page_and_its_widest_columns_give_way() -> None:
    row = {
        "why": "jamf_wins",
        "label": "MBP-1 · C02ABC000001",
        "detail": "x" * 300,
        "more": "y" * 90,
    }
    table = markdown_table([row], "").value
    assert table is not None
    (cells,) = _cells(table)
    assert cells[:2] == ["jamf_wins", "MBP-1 · C02ABC000001"]
    assert sum(map(len, cells)) <= 114
    assert all(cell.endswith("…") for cell in cells[2:])


def test_many_columns_stay_readable_even_where_they_cannot_fit() -> None:
    (cells,) = _cells(markdown_table([{f"column {n}": "z" * 50 for n in range(12)}], "").value)
    assert {len(cell) for cell in cells} == {14}
