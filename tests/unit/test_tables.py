"""Tables keep their shape: one line a row in a pipe, whole words and no wider than the terminal on one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from moss_jamf_pipeline.cli.tables import Column, table_lines
from tests.support.hostile_names import HOSTILE_NAMES
from tests.support.properties import examples

_HISTORY = ("started", "took", "what", "who", "ended", "seen", "created", "updated", "why")
_RUN = (
    *("2026-11-28 06:04 UTC", "10.5 s", "full", "command line: root", "partial"),
    *("100,000", "1,234", "999", "9 fields of 7 records could not be used; the rest was synced."),
)


def _table(headings: tuple[str, ...], *rows: tuple[str, ...]) -> list[Column]:
    numbers = {"took", "seen", "created", "updated"}
    return [
        Column(heading, tuple(row[number] for row in rows), heading in numbers)
        for number, heading in enumerate(headings)
    ]


def test_in_a_pipe_a_row_is_a_line_however_long() -> None:
    long = (*_RUN[:-1], "x" * 5_000)
    headings, rule, first, second = table_lines(_table(_HISTORY, _RUN, long), None)
    assert headings.split() == list(_HISTORY)
    assert set(rule) == {"─"}
    assert first.endswith(_RUN[-1])
    assert second.endswith("x" * 5_000)
    assert first.index("partial") == second.index("partial") == headings.index("ended")


def test_a_table_that_fits_is_one_line_a_row_on_a_terminal_too() -> None:
    table = _table(("plan", "status"), ("1", "applied"), ("22", "planned, not applied"))
    assert list(table_lines(table, 80)) == list(table_lines(table, None))


def test_numbers_stand_to_the_right_and_are_never_broken() -> None:
    table = _table(("seen", "who"), ("7", "a"), ("100,000", "b " * 40))
    lines = list(table_lines(table, 30))
    assert lines[0] == "   seen  who"
    assert lines[2] == "      7  a"
    assert lines[3].startswith("100,000  b b")


def test_words_stay_whole_as_long_as_there_is_room_for_the_longest_of_each_column() -> None:
    lines = list(table_lines(_table(_HISTORY, _RUN), 90))
    told = " ".join(" ".join(lines).split())
    for word in " ".join((*_HISTORY, *_RUN)).split():
        assert word in told


def test_what_does_not_fit_beside_goes_below_its_row() -> None:
    headings = ("object", "field", "owner", "changes", "for example")
    rows = [("device", "jamf_enrollment_status", "JAMF", "60", "MBP-48: enrolled " * 6)] * 2
    lines = list(table_lines(_table(headings, *rows), 50))
    assert lines[0].split() == ["object", "field", "owner", "changes"]
    assert lines[3].startswith("    for example: MBP-48")
    assert max(map(cell_len, lines)) <= 50


def test_a_row_of_too_many_columns_becomes_a_list_of_its_values() -> None:
    lines = list(table_lines(_table(_HISTORY, _RUN, _RUN), 40))
    assert lines[1].split(maxsplit=1) == ["started", "2026-11-28 06:04 UTC"]
    assert max(map(cell_len, lines)) <= 40
    assert sum(set(line) == {"─"} for line in lines) == 2


def test_columns_of_nothing_give_way_first() -> None:
    table = _table(("a", "b", "c"), ("x" * 20, "", "y" * 20))
    assert "b" not in next(iter(table_lines(table, 42)))
    assert "b" in next(iter(table_lines(table, None)))


_TEXTS = st.one_of(
    st.text(max_size=30).map(lambda text: " ".join(text.split())),
    st.sampled_from([name.replace("\n", " ") for name in HOSTILE_NAMES.values()]),
)


@settings(max_examples=examples(120))
@given(
    width=st.integers(20, 120),
    rows=st.integers(1, 5).flatmap(
        lambda size: st.lists(st.tuples(*[_TEXTS] * size), min_size=1, max_size=4)
    ),
)
def test_no_line_is_wider_than_the_terminal_and_no_letter_is_lost(
    width: int, rows: list[tuple[str, ...]]
) -> None:
    headings = tuple(f"h{number}" for number in range(len(rows[0])))
    lines = list(table_lines(_table(headings, *rows), width))
    assert all(cell_len(line) <= width for line in lines)
    told = sorted("".join("".join(lines).split()))
    for letter in sorted("".join("".join(map("".join, rows)).split())):
        assert letter in told


@pytest.mark.parametrize("width", [None, 80])
def test_a_table_without_rows_has_its_headings(width: int | None) -> None:
    assert list(table_lines(_table(("a", "b")), width)) == ["a  b", "────"]


def test_a_long_text_that_would_be_a_narrow_strip_goes_below_its_row() -> None:
    what_happened = "many words of what happened " * 12
    when = "2026-11-28 11:48 UTC"
    columns = [Column("started", (when,), True), Column("did", (what_happened.strip(),))]
    _, _, row, below, *_ = table_lines(columns, 60)
    assert row == when
    assert below.startswith("    did: many words of what happened")
    _, _, row, *_ = table_lines(columns, 120)
    assert row.startswith(f"{when}  many words of what happened")
