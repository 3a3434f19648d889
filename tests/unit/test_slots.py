"""Slots: their keys, their starts, and which of them need JAMF."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moss_jamf_pipeline.engine.slots import is_slot, slot_key_at, slot_start, slots_to_capture
from moss_jamf_pipeline.orchestration.partitions import slots_since

SLOTS = slots_since("2026-11-01-00:00")
_NOW = datetime(2026, 11, 22, 13, 37, tzinfo=UTC)
_CURRENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
_EARLIER = datetime(2026, 11, 22, 6, tzinfo=UTC)
_EARLIEST = datetime(2026, 11, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("slots", "covered", "expected"),
    [
        pytest.param([_CURRENT], {}, [_CURRENT], id="the current slot is captured"),
        pytest.param(
            [_CURRENT], {_CURRENT: 7}, [_CURRENT], id="the current slot is captured anew when asked"
        ),
        pytest.param([_EARLIER], {_EARLIER: 7}, [], id="a past slot keeps its capture"),
        pytest.param([_EARLIER], {}, [_EARLIER], id="a past slot without one is covered now"),
        pytest.param(
            [_EARLIEST, _EARLIER, _CURRENT],
            {_EARLIEST: 7},
            [_EARLIER, _CURRENT],
            id="an outage is closed without touching what is there",
        ),
        pytest.param([], {_CURRENT: 7}, [], id="nothing asked, nothing done"),
    ],
)
def test_only_the_current_slot_and_uncovered_ones_need_jamf(
    slots: list[datetime], covered: dict[datetime, int], expected: list[datetime]
) -> None:
    assert slots_to_capture(slots, covered, _NOW) == expected


def test_another_zone_names_the_same_slot() -> None:
    in_berlin = _NOW.astimezone(datetime.strptime("+0100", "%z").tzinfo)
    assert slots_to_capture([_CURRENT], {_CURRENT: 7}, in_berlin) == [_CURRENT]


@pytest.mark.parametrize(
    ("moment", "key"),
    [
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "2026-11-22-12:00"),
        (datetime(2026, 11, 22, 17, 59, 59, tzinfo=UTC), "2026-11-22-12:00"),
        (datetime(2026, 11, 22, 18, 0, tzinfo=UTC), "2026-11-22-18:00"),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "2026-12-31-18:00"),
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "2027-03-28-00:00"),
    ],
)
def test_a_moment_lies_in_the_slot_that_began_before_it(moment: datetime, key: str) -> None:
    assert slot_key_at(moment) == key


@given(st.timedeltas(timedelta(0), timedelta(days=1_000)))
def test_every_moment_lies_inside_its_slot_of_six_hours(after_the_first: timedelta) -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC) + after_the_first
    start = slot_start(slot_key_at(moment))
    assert start <= moment < start + timedelta(hours=6)
    assert start.hour % 6 == 0
    assert slot_key_at(start) == slot_key_at(moment)


def test_slots_are_offered_up_to_the_one_that_contains_now() -> None:
    keys = SLOTS.get_partition_keys(current_time=_NOW)
    assert keys[0] == "2026-11-01-00:00"
    assert keys[-1] == "2026-11-22-12:00"
    assert not SLOTS.has_partition_key("2026-11-22-13:00")


@given(st.timedeltas(timedelta(0), timedelta(days=1_000)))
def test_dagsters_partitions_are_the_same_slots(after_the_first: timedelta) -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC) + after_the_first
    key = SLOTS.get_partition_key_for_timestamp(moment.timestamp())
    assert slot_key_at(moment) == key
    assert slot_start(key) == SLOTS.time_window_for_partition_key(key).start


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        ("2026-11-01-00:00", True),
        ("2026-11-22-12:00", True),
        ("2026-11-22-18:00", False),  # it has not begun
        ("2026-10-31-18:00", False),  # before the first
        ("2026-11-22-13:00", False),
        ("2026-11-2-06:00", False),
        ("yesterday", False),
    ],
)
def test_a_slot_is_named_by_its_start_on_the_grid(key: str, is_one: bool) -> None:
    assert is_slot(key, first="2026-11-01-00:00", now=_NOW) is is_one
