"""Names that mean harm, in JAMF and in M.O.S.S., through everything that shows a name: they are text everywhere."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from markdown_it import MarkdownIt

from moss_jamf_pipeline.cli.application import app
from moss_jamf_pipeline.services import plans
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import add_mac, insert, insert_device
from tests.support.hostile_names import HOSTILE_NAMES
from tests.support.workbooks import sheets_of
from tests.support.world import World

_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_FORMULA = re.compile(r"[\s\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
_ACTS = {"image", "link_open", "html_inline", "html_block", "heading_open", "s_open", "fence"}
_COMMANDS = (
    "plan show --limit 200",
    "plan show --by rule",
    "plan show --by field",
    "plan show --json --limit 200",
    "plan list",
    "conflicts list --limit 200",
    "conflicts list --grouped",
    "conflicts list --json",
    "quarantine list",
    "status",
    "history",
)


def _furnish(world: World) -> None:
    """Gives every hostile name to a Mac, its user, its building and a group, and to what M.O.S.S. has instead."""
    for number, name in enumerate(HOSTILE_NAMES.values(), start=1):
        jamf_id, serial = str(number), f"C02H{number:04d}"
        world.fleet.add_building(f"B {name}", building_id=jamf_id)
        world.fleet.add_user(id=jamf_id, username=f"user{number}", realname=name)
        world.fleet.add_group(name, group_id=jamf_id)
        user = {"username": f"user{number}", "realname": name}
        place = {"buildingId": jamf_id, "room": name}
        add_mac(world, jamf_id, serial, user=user, place=place, name=name, assetTag=f"J{name}")
        stored = name.replace("\x00", "")
        location = insert(world, "locations", name=f"M {stored}")
        insert_device(world, serial, hostname=f"was {number}", asset_tag=stored, location_id=location)  # fmt: skip


@pytest.fixture(scope="module")
def hostile_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world of hostile names, synced once by a Dagster run."""
    with separate_world() as world:
        _furnish(world)
        world.sync_in_dagster(may_fail=True)
        yield world


def _said(capsys: pytest.CaptureFixture[str], command: str) -> str:
    capsys.readouterr()
    app(command.split(), standalone_mode=False)
    return capsys.readouterr().out


def test_case_s10_no_name_acts_in_a_terminal_a_pipe_or_json(
    hostile_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in _COMMANDS:
        said = _said(capsys, command)
        assert said.strip(), command
        assert not _UNSEEN.search(said), command
        if "--json" in command:
            assert json.loads(said)
    rows = _said(capsys, "conflicts list --limit 200 --kind owned_field_differs").splitlines()
    heading = next(number for number, line in enumerate(rows) if set(line) == {"─"})
    listed = [
        line for line in rows[heading + 1 :] if re.match(r"\s*\d+  owned_field_differs  ", line)
    ]
    assert len(listed) == len([line for line in rows[heading + 1 :] if line.strip()]) - 1
    assert len(listed) >= len(HOSTILE_NAMES)


def test_case_s09_no_name_is_a_formula_in_an_export(
    hostile_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = list(csv.reader(io.StringIO(_said(capsys, "plan show --csv"))))
    cells = [cell for row in exported for cell in row]
    assert [cell for cell in cells if _FORMULA.match(cell) or _UNSEEN.search(cell)] == []
    assert sum(cell.startswith("'") for cell in cells) > 10
    assert {len(row) for row in exported} == {len(fields(plans.ExportedChange))}
    with (
        Workplace(Settings()) as workplace,
        plans.exported(workplace, Settings().integration, None) as changes,
    ):
        assert len(exported) == 1 + sum(1 for _ in changes)


@pytest.mark.parametrize("name", ["plan", "conflicts", "quarantine", "devices"])
def test_case_s09_no_name_is_a_formula_in_any_list_that_is_exported(
    hostile_world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    as_csv = list(csv.reader(io.StringIO(_said(capsys, f"export {name}"))))
    book = tmp_path / "list.xlsx"
    _said(capsys, f"export {name} --output {book}")
    (sheet,) = sheets_of(book)
    assert len(as_csv) == len(sheet)
    cells = [cell for row in (*as_csv, *(row.values() for row in sheet)) for cell in row]
    assert [cell for cell in cells if _FORMULA.match(cell) or _UNSEEN.search(cell)] == []
    assert name == "quarantine" or sum(cell.startswith("'") for cell in cells) > 10


def test_case_s10_no_name_is_markup_in_the_dagster_ui(hostile_world: World) -> None:
    shown = list(_markdown_of(hostile_world.runs[-1]))
    assert len(shown) > 10
    told = ""
    for markdown in shown:
        kinds = {
            kind.type
            for token in _MARKDOWN.parse(markdown)
            for kind in (token, *(token.children or ()))
        }
        assert not kinds & _ACTS
        for token in _MARKDOWN.parse(markdown):
            for child in token.children or ():
                told += child.content
                assert child.type == "code_inline" or "://" not in child.content
    assert "evil.example" in told


def _markdown_of(result: dg.ExecuteInProcessResult) -> list[str]:
    """What the UI takes for Markdown: tables, and the descriptions of checks."""
    shown: list[str] = []
    for event in result.all_events:
        metadata: dict[str, Any] = {}
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            shown.append(evaluation.description or "")
            metadata = dict(evaluation.metadata)
        elif event.is_step_materialization:
            metadata = dict(event.materialization.metadata)
        shown += [
            value.value or ""
            for value in metadata.values()
            if isinstance(value, dg.MarkdownMetadataValue)
        ]
    return shown


def test_no_name_forges_a_line_of_the_history(hostile_world: World) -> None:
    for row in hostile_world.history():
        assert not _UNSEEN.search(row["error_message"] or "")
