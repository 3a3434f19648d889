"""When a capture of the computers may be incremental."""

from dataclasses import replace
from typing import Any

import pytest

from moss_jamf_pipeline.moss.capture.cadence import (
    SweepMode,
    SweepStanding,
    asked_sweep,
    possible_sweep,
)

_STANDING = SweepStanding(
    newest_is_complete=True,
    full_age_hours=6.0,
    endpoint="/api/v4/computers-inventory",
    server_version="11.30.0",
    document_shape="shape",
)


def _possible(standing: SweepStanding | None = _STANDING, **given: Any) -> tuple[str, str]:
    arguments: dict[str, Any] = {
        "full_sweep_hours": 24.0,
        "is_scoped": False,
        "document_shape": "shape",
        "server_version": "11.30.0",
    }
    choice = possible_sweep(standing, **(arguments | given))
    return choice.kind, choice.reason


def test_between_full_sweeps_a_capture_may_be_incremental() -> None:
    kind, reason = _possible()
    assert kind == "incremental"
    assert "6.0 hours before" in reason
    assert "every 24 " in reason


@pytest.mark.parametrize(
    ("standing", "given", "said"),
    [
        (None, {}, "no complete full sweep"),
        (SweepStanding(newest_is_complete=True), {}, "no complete full sweep"),
        (replace(_STANDING, newest_is_complete=False), {}, "incomplete"),
        (_STANDING, {"full_sweep_hours": 0.0}, "is 0"),
        (_STANDING, {"is_scoped": True}, "smart group"),
        (_STANDING, {"document_shape": "another"}, "other fields"),
        (replace(_STANDING, document_shape=None), {}, "other fields"),
        (_STANDING, {"server_version": "11.31.0"}, "11.31.0, and was 11.30.0"),
        (replace(_STANDING, full_age_hours=24.0), {}, "24.0 hours before"),
        (replace(_STANDING, full_seconds=28.0, incremental_seconds=53.0), {}, "took 53 seconds"),
    ],
    ids=str,
)
def test_what_calls_for_a_full_sweep(
    standing: SweepStanding | None, given: dict[str, Any], said: str
) -> None:
    kind, reason = _possible(standing, **given)
    assert kind == "full"
    assert said in reason


@pytest.mark.parametrize(
    ("full", "incremental"), [(28.0, 20.0), (28.0, 37.0), (28.0, None), (None, 53.0)]
)
def test_an_incremental_capture_that_is_hardly_slower_is_made_again(
    full: float | None, incremental: float | None
) -> None:
    standing = replace(_STANDING, full_seconds=full, incremental_seconds=incremental)
    assert _possible(standing)[0] == "incremental"


def test_a_version_that_nobody_asked_for_is_not_compared() -> None:
    assert _possible(server_version=None)[0] == "incremental"


@pytest.mark.parametrize(
    ("age", "every", "expected"),
    [
        (23.4, 24.0, "incremental"),
        (23.6, 24.0, "full"),
        (0.4, 1.0, "incremental"),
        (0.6, 1.0, "full"),
        (0.04, 0.1, "incremental"),
    ],
)
def test_a_schedule_that_ticks_a_little_early_gets_the_full_sweep_that_is_due(
    age: float, every: float, expected: str
) -> None:
    standing = replace(_STANDING, full_age_hours=age)
    assert _possible(standing, full_sweep_hours=every)[0] == expected


@pytest.mark.parametrize(
    ("mode", "trigger", "expected"),
    [
        ("auto", "schedule", "incremental"),
        ("auto", "dagster ui", "full"),
        ("auto", "backfill abc", "full"),
        ("auto", "command line: ada", "full"),
        ("auto", "sensor other", "full"),
        ("full", "schedule", "full"),
        ("incremental", "dagster ui", "incremental"),
    ],
)
def test_only_the_schedule_does_without_a_full_sweep_by_itself(
    mode: SweepMode, trigger: str, expected: str
) -> None:
    assert asked_sweep(mode, trigger).kind == expected
