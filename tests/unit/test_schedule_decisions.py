"""When a sync is due by the row in M.O.S.S.: ticks of its cron expression, and what one look at them leads to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from dagster._utils.schedules import get_latest_completed_cron_tick, get_next_cron_tick
from dagster._vendored.croniter.croniter import CroniterBadDateError
from hypothesis import given
from hypothesis import strategies as st

from moss_jamf_pipeline.engine.schedule import (
    CronInvalid,
    decide,
    last_tick,
    next_sync,
    next_tick,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration, SyncSettings


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}+00:00")


_INTEGRATION = Integration(
    id=UUID(int=1), name="JAMF Pro", is_enabled=True, settings=SyncSettings()
)
_NOW = _at("22T12:00:20")


@pytest.mark.parametrize(
    ("cron", "moment", "before", "after"),
    [
        ("0 */6 * * *", "22T13:37", "22T12:00", "22T18:00"),
        ("0 */6 * * *", "22T12:00", "22T12:00", "22T18:00"),
        ("0 */6 * * *", "22T11:59:59.999999", "22T06:00", "22T12:00"),
        ("0 2 * * *", "22T01:59", "21T02:00", "22T02:00"),
        ("*/5 * * * *", "22T13:37", "22T13:35", "22T13:40"),
        ("0 2 * * MON", "22T13:37", "16T02:00", "23T02:00"),
        ("30 1,13 * * 1-5", "22T13:37", "20T13:30", "23T01:30"),
        ("@daily", "22T13:37", "22T00:00", "23T00:00"),
    ],
)
def test_a_cron_expression_means_times_in_utc(
    cron: str, moment: str, before: str, after: str
) -> None:
    assert last_tick(cron, _at(moment)) == _at(before)
    assert next_tick(cron, _at(moment)) == _at(after)


def test_no_hour_is_lost_or_doubled_when_clocks_change_elsewhere() -> None:
    berlin = timezone(timedelta(hours=2))
    change = datetime(
        2027, 3, 28, 3, 30, tzinfo=berlin
    )  # 01:30 UTC, in the hour that Berlin leaves out
    assert last_tick("0 * * * *", change) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert next_tick("0 * * * *", change) == datetime(2027, 3, 28, 2, tzinfo=UTC)
    assert last_tick("0 * * * *", change).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "cron",
    [
        *("", "daily", "60 * * * *", "* * * *", "* * * * * *", "@reboot", "0 0 31 2 *"),
        *("0 0 31 4 *", "R R * * *", "H 2 * * *", "0 R(1-5) * * *", "0 *&#x2F;6 * * *"),
    ],
)
def test_what_means_no_time_that_can_be_foretold_is_refused(cron: str) -> None:
    with pytest.raises(CronInvalid):
        next_tick(cron, _NOW)
    decision = decide(replace(_INTEGRATION, schedule=cron), _at("20T00:00"), _NOW, is_busy=False)
    assert (decision.tick, decision.considered) == (None, _NOW)
    assert "sync_schedule" in decision.reason
    assert repr(cron) in decision.reason


def test_a_tick_since_the_last_look_starts_a_sync_once() -> None:
    first = decide(_INTEGRATION, _at("22T11:59:50"), _NOW, is_busy=False)
    assert (first.tick, first.reason) == (_at("22T12:00"), "")
    second = decide(_INTEGRATION, first.considered, _NOW + timedelta(seconds=30), is_busy=False)
    assert second.tick is None
    assert "2026-11-22 18:00 UTC" in second.reason


@pytest.mark.parametrize("considered", [None, _at("23T00:00")], ids=["first", "wrong clock"])
def test_the_first_look_starts_nothing(considered: datetime | None) -> None:
    decision = decide(_INTEGRATION, considered, _NOW, is_busy=False)
    assert (decision.tick, decision.considered) == (None, _NOW)


def test_after_a_downtime_there_is_one_sync_and_not_one_per_tick() -> None:
    decision = decide(_INTEGRATION, _at("19T03:00"), _NOW, is_busy=False)
    assert (decision.tick, decision.considered) == (_at("22T12:00"), _NOW)


def test_a_tick_during_a_sync_waits_for_its_end() -> None:
    before = _at("22T11:59:50")
    waiting = decide(_INTEGRATION, before, _NOW, is_busy=True)
    assert (waiting.tick, waiting.considered) == (None, before)
    assert "waits" in waiting.reason
    after = decide(_INTEGRATION, waiting.considered, _at("22T12:09:40"), is_busy=False)
    assert after.tick == _at("22T12:00")


def test_ticks_closer_than_a_sync_is_long_do_not_pile_up() -> None:
    often = replace(_INTEGRATION, schedule="* * * * *")
    waiting = decide(often, _at("22T12:00:10"), _at("22T12:04:50"), is_busy=True)
    started = decide(often, waiting.considered, _at("22T12:05:20"), is_busy=False)
    assert started.tick == _at("22T12:05")
    assert decide(often, started.considered, _at("22T12:05:50"), is_busy=False).tick is None


@pytest.mark.parametrize(
    ("off", "named"),
    [
        (replace(_INTEGRATION, is_enabled=False), "switched off"),
        (replace(_INTEGRATION, is_scheduled=False), "auto_sync_enabled"),
    ],
    ids=["disabled", "not scheduled"],
)
def test_what_passed_while_syncs_were_off_is_not_made_up_for(off: Integration, named: str) -> None:
    while_off = decide(off, _at("22T11:59:50"), _NOW, is_busy=False)
    assert (while_off.tick, while_off.considered) == (None, _NOW)
    assert named in while_off.reason
    assert decide(_INTEGRATION, while_off.considered, _at("22T12:01"), is_busy=False).tick is None


def test_a_new_schedule_starts_nothing_for_times_before_it_was_looked_at() -> None:
    daily = replace(_INTEGRATION, schedule="0 2 * * *")
    looked = decide(daily, _at("22T13:36:30"), _at("22T13:37"), is_busy=False)
    hourly = replace(_INTEGRATION, schedule="0 * * * *")
    assert decide(hourly, looked.considered, _at("22T13:37:30"), is_busy=False).tick is None
    assert decide(hourly, looked.considered, _at("22T14:00:10"), is_busy=False).tick == _at(
        "22T14:00"
    )


def test_the_next_sync_is_foretold_or_it_is_said_why_there_is_none() -> None:
    assert next_sync(_INTEGRATION, _NOW).at == _at("22T18:00")
    assert "switched off" in next_sync(replace(_INTEGRATION, is_enabled=False), _NOW).why_not


@given(
    cron=st.sampled_from(["*/7 * * * *", "0 */6 * * *", "15 3 * * 1", "0 0 1 * *"]),
    looks=st.lists(st.integers(1, 5 * 24 * 60), min_size=1, max_size=20),
)
def test_every_stretch_with_a_tick_in_it_starts_exactly_one_sync(
    cron: str, looks: list[int]
) -> None:
    integration = replace(_INTEGRATION, schedule=cron)
    now = considered = _at("22T13:37")
    for minutes in looks:
        earlier, now = now, now + timedelta(minutes=minutes)
        decision = decide(integration, considered, now, is_busy=False)
        assert (decision.tick is not None) == (next_tick(cron, earlier) <= now)
        if decision.tick is not None:
            assert earlier < decision.tick <= now
        considered = decision.considered


def _field(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """A field of a cron expression, as crontab(5) has them."""
    one = st.integers(low, high).map(str)
    single = st.one_of(one, st.sampled_from(names)) if names else one
    span = st.tuples(st.integers(low, high - 1), st.integers(1, high - low)).map(
        lambda ends: f"{ends[0]}-{min(high, sum(ends))}"
    )
    step = st.integers(1, high - low).map(lambda every: f"*/{every}")
    stepped = st.tuples(span, st.integers(1, 9)).map(lambda parts: f"{parts[0]}/{parts[1]}")
    listed = st.lists(st.one_of(single, span), min_size=2, max_size=4).map(",".join)
    return st.one_of(st.just("*"), single, span, step, stepped, listed)


_EXPRESSIONS = st.one_of(
    st.tuples(
        _field(0, 59),
        _field(0, 23),
        _field(1, 31),
        _field(1, 12, ("jan", "MAY", "Dec")),
        _field(0, 6, ("sun", "WED", "Sat")),
    ).map(" ".join),
    st.sampled_from(["@hourly", "@daily", "@weekly", "@monthly", "@yearly"]),
)


@given(
    cron=_EXPRESSIONS,
    after=st.timedeltas(timedelta(0), timedelta(days=2_000)),
)
def test_a_cron_expression_means_the_times_at_which_dagster_would_tick(
    cron: str, after: timedelta
) -> None:
    moment = _NOW + after
    just_after = moment + timedelta(microseconds=1)  # Dagster counts the tick it starts at
    try:
        foretold = (last_tick(cron, moment), next_tick(cron, moment))
    except CronInvalid:  # the 31st of February
        foretold = None
    try:
        dagsters = (
            get_latest_completed_cron_tick(cron, moment, "UTC"),
            get_next_cron_tick(cron, just_after, "UTC"),
        )
    except CroniterBadDateError:
        dagsters = None
    if dagsters is None and foretold is not None:
        # "The 30th of February, or a Sunday": it is a Sunday, which Dagster does not find.
        assert not cron.endswith("*")
    else:
        assert foretold == dagsters
