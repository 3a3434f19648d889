"""The quarantine keeps the shape of a table at 80 columns, whatever the records in it are called."""

import io
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from moss_jamf_pipeline.cli import output
from moss_jamf_pipeline.cli.quarantine import print_list
from moss_jamf_pipeline.services.pages import Page
from moss_jamf_pipeline.services.quarantine import Quarantined
from tests.support.hostile_names import HOSTILE_NAMES

_LONG_NAMES = ("h" * 300, "a very long name of a computer " * 9, "笔记本" * 60, "x" * 100)


def _entry(number: int, name: str, field: str | None) -> Quarantined:
    return Quarantined(
        quarantine_id=10**6 + number,
        collection="mobile_devices" if number % 2 else "computers",
        jamf_id=None if number % 5 == 0 else "4" * (1 + number * 7 % 100),
        label=name,
        serial_number=name[::-1][: 1 + number % 60],
        field=field,
        reason="serial_number_is_a_placeholder",
        detail="It has more than the 255 characters that M.O.S.S. keeps of it.",
        is_whole_record=field is None,
        created_at=datetime(2026, 11, 28, tzinfo=UTC),
    )


def _shown(entries: list[Quarantined], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said = io.StringIO()
    console = type(output.stdout)(
        file=said, width=80, force_terminal=True, color_system=None, highlight=False, emoji=False
    )
    monkeypatch.setattr(output, "stdout", console)
    print_list(Page(tuple(entries), len(entries), 50, 0))
    return said.getvalue().strip("\n").splitlines()


def test_any_name_leaves_it_a_table_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = (None, "hostname", "assigned_to_person_id", "model_identifier", None)
    for name in (*HOSTILE_NAMES.values(), *_LONG_NAMES):
        entries = [_entry(number, name, field) for number, field in enumerate(fields)]
        headings, rule, *rows = _shown(entries, monkeypatch)
        assert headings.split()[:3] == ["id", "record", "name"], name
        assert set(rule) == {"─"}, name
        assert max(map(cell_len, (headings, rule, *rows))) <= 80, name
        firsts = [line.split()[0] for line in rows if line.startswith("1,000,00")]
        assert firsts == [f"1,000,00{number}" for number in range(5)], name


def test_short_names_leave_room_for_the_reason_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headings, _, first, *_ = _shown([_entry(1, "mac-1", "hostname")], monkeypatch)
    assert headings.split() == ["id", "record", "name", "left", "out"]
    assert "the field hostname: It has" in first
