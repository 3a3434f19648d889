"""What is stored of JAMF, and what of it could not be used, as a door lists it."""

from datetime import datetime, timedelta

import orjson
import pytest

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.services import quarantine
from moss_jamf_pipeline.services.captures import list_captures
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import EARLY, Bench
from tests.services.conftest import CHOICE


def _hold(
    bench: Bench, jamf_id: str, reason: str, *, field: str | None = None, capture: int | None = None
) -> int:
    """Puts a computer, or a field of it, into quarantine; of no capture in particular, by its present version."""
    number: int = bench.value(
        """insert into jamf_sync.quarantine
             (integration_id, collection, jamf_id, version_id, capture_id, field, reason, detail, is_whole_record)
           values (%s, 'computers', %s,
                   case when %s::bigint is null then (
                     select version_id from jamf_sync.raw_jamf_computers
                     where jamf_id = %s and valid_to_capture is null) end,
                   %s, %s, %s, 'It cannot be used.', %s)
           returning quarantine_id""",
        *(bench.integration.id, jamf_id, capture, jamf_id, capture, field, reason, field is None),
    )
    return number


def test_captures_come_in_pages_newest_first_with_the_slots_they_cover(
    workplace: Workplace, bench: Bench
) -> None:
    newest = bench.new_capture("computers", "incomplete")
    slots: list[datetime] = [EARLY, EARLY + timedelta(hours=6)]
    bench.cover("computers", newest.capture_id, slots)
    everything = list_captures(workplace, CHOICE)
    assert everything.total == len(everything) == len(COLLECTION_NAMES) + 1
    assert everything.items[0].capture_id == newest.capture_id
    assert everything.items[0].slots == tuple(slots)
    pages = [
        list_captures(
            workplace, CHOICE, collection="computers", page=PageRequest(limit=1, offset=offset)
        )
        for offset in (0, 1, 2)
    ]
    assert [len(page) for page in pages] == [1, 1, 0]
    assert [page.total for page in pages] == [2, 2, 2]
    assert [capture.status for page in pages for capture in page] == ["incomplete", "complete"]


def test_the_quarantine_holds_what_the_newest_captures_could_not_use(
    workplace: Workplace, bench: Bench
) -> None:
    for number in ("1", "2", "3"):
        bench.computer(number)
    before = bench.captures["computers"].capture_id
    _hold(bench, "9", "unreadable", capture=before)
    bench.captures["computers"] = bench.new_capture("computers")
    field = _hold(bench, "1", "too_long", field="asset_tag")
    whole = _hold(bench, "2", "serial_number_missing")
    changed = _hold(bench, "3", "personally_owned")
    bench.execute(
        "update jamf_sync.raw_jamf_computers set valid_to_capture = %s where jamf_id = '3'",
        bench.captures["computers"].capture_id,
    )
    poison = _hold(bench, "8", "unreadable", capture=bench.captures["computers"].capture_id)

    found = quarantine.list_entries(workplace, CHOICE)
    assert [entry.quarantine_id for entry in found] == [poison, whole, field]
    assert found.total == 3
    records = quarantine.QuarantineFilter(whole_records_only=True)
    assert quarantine.list_entries(workplace, CHOICE, records).total == 2
    too_long = quarantine.QuarantineFilter(collection="computers", reason="too_long")
    (entry,) = quarantine.list_entries(workplace, CHOICE, too_long)
    assert (entry.jamf_id, entry.field, entry.is_whole_record) == ("1", "asset_tag", False)
    beyond = quarantine.list_entries(workplace, CHOICE, page=PageRequest(limit=2, offset=4))
    assert (len(beyond), beyond.total) == (0, 3)

    assert not quarantine.show(workplace, CHOICE, whole).is_over
    assert quarantine.show(workplace, CHOICE, changed).is_over
    assert quarantine.show(workplace, CHOICE, poison).document is None


def test_an_entry_shows_what_jamf_gave(workplace: Workplace, bench: Bench) -> None:
    bench.computer("1")
    bench.execute(
        """update jamf_sync.raw_jamf_computers
           set document = document || '{"general": {"name": "mac-1"}, "hardware": {"serialNumber": "C02ABC"}}'"""
    )
    entry = quarantine.show(workplace, CHOICE, _hold(bench, "1", "personally_owned"))
    assert (entry.label, entry.serial_number) == ("mac-1", "C02ABC")
    assert entry.document is not None
    assert orjson.loads(entry.document)["general"] == {"name": "mac-1"}
    with pytest.raises(NothingCaptured, match="no quarantine entry 999"):
        quarantine.show(workplace, CHOICE, 999)
