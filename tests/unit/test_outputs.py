"""Other people's names do nothing, wherever they are shown; and are still what they were."""

import csv
import html
import io
import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from moss_jamf_pipeline.cli import output
from moss_jamf_pipeline.orchestration.presentation import markdown_table
from moss_jamf_pipeline.outputs import (
    html_text,
    json_text,
    markdown_text,
    one_line,
    spreadsheet_cell,
    terminal_text,
    webhook_text,
)
from tests.support.hostile_names import HOSTILE_NAMES

_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
_HARMLESS = {
    *("paragraph_open", "paragraph_close", "inline", "text", "code_inline", "softbreak"),
    *("table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close"),
    *("tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close", "text_special"),
}

_everyone = pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)


@_everyone
def test_case_s09_no_cell_of_a_spreadsheet_is_a_formula(name: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerow([spreadsheet_cell(name), "next"])
    ((cell, following),) = csv.reader(io.StringIO(buffer.getvalue()))
    assert following == "next"
    assert not re.match(r"[\s\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell)
    assert not _UNSEEN.search(cell)
    assert cell.removeprefix("'") == one_line(name)


@pytest.mark.parametrize("value", [1, -5, 2.5, Decimal("-1.5"), True])
def test_numbers_of_a_spreadsheet_stay_numbers(value: object) -> None:
    assert spreadsheet_cell(value) == value


def test_other_cells_of_a_spreadsheet() -> None:
    assert spreadsheet_cell(None) == ""
    assert spreadsheet_cell(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01T00:00:00+00:00"
    assert spreadsheet_cell("LAB-042") == "LAB-042"
    assert spreadsheet_cell("-5") == "'-5"  # a text that looks like one


def _shown(markdown: str) -> tuple[set[str], str]:
    """What Markdown makes of a text: the kinds of its parts, and the letters that are seen."""
    kinds: set[str] = set()
    seen: list[str] = []
    for token in _MARKDOWN.parse(markdown):
        kinds.add(token.type)
        for child in token.children or ():
            kinds.add(child.type)
            seen.append(child.content)
            # What a renderer makes links of by itself stands in code, if anywhere.
            assert child.type == "code_inline" or not re.search(r"://|www\.", child.content)
    return kinds, "".join(seen)


@_everyone
def test_case_s10_markdown_shows_a_name_as_text(name: str) -> None:
    kinds, seen = _shown(markdown_text(name))
    assert kinds <= _HARMLESS
    assert seen.strip() == " ".join(one_line(name.replace("\n", " ")).split(" ")).strip()


@_everyone
def test_a_table_of_markdown_keeps_its_cells(name: str) -> None:
    table = markdown_table([{"name": name, "next": "x"}, {"name": "y", "next": name}], "").value
    assert table is not None
    kinds, _ = _shown(table)
    assert kinds <= _HARMLESS
    assert sum(token.type == "td_open" for token in _MARKDOWN.parse(table)) == 4


@given(st.text(max_size=60))
@example("http://x\\|y")
@example("`http://x`|`")
@example("\\")
@example("&amp;|")
def test_no_text_escapes_from_a_cell_of_markdown(text: str) -> None:
    table = f"| a | b |\n|---|---|\n| {markdown_text(text)} | x |"
    kinds, _ = _shown(table)
    assert kinds <= _HARMLESS
    cells = [token for token in _MARKDOWN.parse(table) if token.type == "inline"]
    assert [cell.content for cell in cells][-1] == "x"
    assert len(cells) == 4


@_everyone
def test_case_s10_a_terminal_shows_a_name_on_its_line_and_obeys_none(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "stdout", output._console(to_stderr=False))
    output.print_table(["name", "next"], [[name, "x"], ["short", "y"]])
    said = capsys.readouterr().out.strip()
    assert not _UNSEEN.search(said.replace("\n", ""))
    _, _, row, following = said.splitlines()
    assert row.split()[-1] == "x"
    assert row.startswith(one_line(name).rstrip()) or name.strip() != name
    assert following.split() == ["short", "y"]


@_everyone
def test_whatever_is_printed_comes_by_the_console_without_control_characters(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console = output._console(to_stderr=False)
    assert isinstance(console, Console)
    console.print(name, markup=False, soft_wrap=True)
    said = capsys.readouterr().out
    assert not _UNSEEN.search(said.removesuffix("\n"))
    assert said == f"{terminal_text(name)}\n"


@_everyone
def test_json_shows_everything_and_says_the_same(name: str) -> None:
    document = json.dumps({"name": name}, ensure_ascii=False)
    assert not _UNSEEN.search(json_text(document))
    assert json.loads(json_text(document)) == {"name": name}


@_everyone
def test_html_shows_a_name_as_text(name: str) -> None:
    assert not re.search("[<>\"']", html_text(name))
    assert html.unescape(html_text(name)) == terminal_text(name)


@_everyone
def test_a_webhook_calls_nobody_and_hides_no_link(name: str) -> None:
    shown = webhook_text(name)
    assert not re.search(r"[<>]|\]\(|\]\[|@(channel|here|all|everyone)", shown)
    assert not _UNSEEN.search(shown.replace("\n", ""))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Dana's MacBook Pro", "Dana's MacBook Pro"),
        ("HQ & Lab", "HQ &amp; Lab"),
        ("asset_tag", "asset_tag"),
        ("macOS 15.10 (24E264)", "macOS 15.10 (24E264)"),
        ("dana@example.org", "dana@example.org"),
        ("AT & T", "AT & T"),
        ("C-LAB-042", "C-LAB-042"),
        ("Zoë 日本 👩\u200d💻", "Zoë 日本 👩\u200d💻"),
    ],
)
def test_ordinary_names_are_hardly_touched(text: str, shown: str) -> None:
    assert markdown_text(text) in {text, shown}
    assert terminal_text(text) == spreadsheet_cell(text) == text
