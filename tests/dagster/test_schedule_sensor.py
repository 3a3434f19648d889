"""The sensor that follows the schedule of the row in M.O.S.S., on a real database and a real instance."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from moss_jamf_pipeline.engine import databases
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.orchestration.assets.triggers import trigger_of
from moss_jamf_pipeline.orchestration.dagster_internals import PARTITION_NAME_TAG
from moss_jamf_pipeline.orchestration.resources import MossResource
from tests.support.world import DEFINITIONS, World

_LONG_AGO = "2026-11-01T00:00:30+00:00"
_JOB = "sync_jamf"


def _look(instance: dg.DagsterInstance, cursor: str | None) -> SensorExecutionData:
    """One tick of the sensor, as the daemon makes it."""
    sensor = DEFINITIONS.resolve_sensor_def("sync_jamf_on_schedule")
    context = dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        repository_def=DEFINITIONS.get_repository_def(),
        resources={"moss": MossResource()},
    )
    with context:
        return sensor.evaluate_tick(context)


def _set(world: World, **columns: object) -> None:
    for name, value in columns.items():
        world.execute(f"update integration_configs set {name} = %s", [value])


def _moment(cursor: str | None) -> datetime:
    assert cursor is not None
    return datetime.fromisoformat(cursor)


def test_the_first_look_takes_note_of_the_time_and_starts_nothing(small_world: World) -> None:
    before = datetime.now(UTC)
    tick = _look(small_world.instance, None)
    assert not tick.run_requests
    assert before <= _moment(tick.cursor) <= datetime.now(UTC)
    assert "The next sync is due" in (tick.skip_message or "")


def test_a_tick_requests_the_slot_that_contains_now_and_the_run_is_the_schedules(
    small_world: World,
) -> None:
    tick = _look(small_world.instance, _LONG_AGO)
    assert tick.run_requests is not None
    (request,) = tick.run_requests
    assert request.partition_key == slot_key_at(_moment(tick.cursor))
    due = datetime.fromisoformat(request.run_key or "")
    assert (due.hour % 6, due.minute, due.utcoffset()) == (0, 0, timedelta(0))
    assert trigger_of(request.tags) == "schedule"
    assert request.tags[PARTITION_NAME_TAG] == request.partition_key
    # The job's own configuration comes with it.
    assert request.run_config["ops"]["jamf_pro__change_plan"]["config"]["object_types"]
    assert request.run_config["ops"]["jamf_pro__raw_jamf_computers"]["config"] == {"sweep": "auto"}

    assert not _look(small_world.instance, tick.cursor).run_requests


def test_every_tick_is_a_run_of_its_own_also_inside_one_slot(small_world: World) -> None:
    now = datetime.now(UTC)
    keys = []
    for minutes_ago in (1, 2):
        _set(small_world, sync_schedule=f"{(now - timedelta(minutes=minutes_ago)).minute} * * * *")
        considered = (now - timedelta(minutes=3)).isoformat()
        (request,) = _look(small_world.instance, considered).run_requests or ()
        keys.append(request.run_key)
    assert len(set(keys)) == 2


def test_a_change_in_moss_counts_from_the_next_look_on(small_world: World) -> None:
    minute_ago = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    _set(small_world, sync_schedule="0 0 1 1 *")
    assert not _look(small_world.instance, minute_ago).run_requests
    _set(small_world, sync_schedule="*&#x2F;1 * * * *")
    assert _look(small_world.instance, minute_ago).run_requests


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"is_enabled": False}, "switched off in M.O.S.S."),
        ({"auto_sync_enabled": False}, "auto_sync_enabled"),
        ({"auto_sync_enabled": None}, "auto_sync_enabled"),
        ({"sync_schedule": "whenever"}, "'whenever'"),
    ],
    ids=str,
)
def test_what_moss_has_switched_off_starts_nothing_and_says_why(
    small_world: World, columns: dict[str, object], said: str
) -> None:
    _set(small_world, **columns)
    tick = _look(small_world.instance, _LONG_AGO)
    assert not tick.run_requests
    assert said in (tick.skip_message or "")
    assert _moment(tick.cursor) > _moment(_LONG_AGO)


@pytest.mark.parametrize(
    "status",
    [
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ],
)
def test_a_tick_waits_while_a_sync_is_about_to_run_or_runs(
    small_world: World, dagster_instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    job = DEFINITIONS.resolve_job_def(_JOB)
    run = dagster_instance.create_run_for_job(job_def=job, status=status)
    waiting = _look(dagster_instance, _LONG_AGO)
    assert not waiting.run_requests
    assert waiting.cursor == _LONG_AGO
    assert "waits" in (waiting.skip_message or "")

    dagster_instance.delete_run(run.run_id)
    other = DEFINITIONS.resolve_job_def("plan_jamf")
    dagster_instance.create_run_for_job(job_def=other, status=status)
    assert _look(dagster_instance, waiting.cursor).run_requests


def test_a_database_that_is_away_delays_a_tick_and_no_secret_is_said(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = small_world.url
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://moss:hush-hush@127.0.0.1:1/moss")
    monkeypatch.setattr(databases, "_PAUSES_SECONDS", (0.01,))
    away = _look(small_world.instance, _LONG_AGO)
    assert not away.run_requests
    assert away.cursor == _LONG_AGO
    assert "127.0.0.1:1" in (away.skip_message or "")
    assert "hush" not in (away.skip_message or "")

    monkeypatch.setenv("MOSS_DATABASE_URL", url.replace("postgresql+psycopg", "postgresql"))
    assert _look(small_world.instance, away.cursor).run_requests


def test_settings_that_cannot_be_read_are_said_and_the_tick_waits(small_world: World) -> None:
    _set(small_world, sync_settings='{"sync_users": "perhaps"}')
    tick = _look(small_world.instance, _LONG_AGO)
    assert not tick.run_requests
    assert tick.cursor == _LONG_AGO
    assert "sync_users" in (tick.skip_message or "")


@pytest.mark.parametrize("cursor", ["2026-11-01T00:00:30", "by hand", ""])
def test_a_cursor_that_somebody_wrote_by_hand_ends_no_schedule(
    small_world: World, cursor: str
) -> None:
    tick = _look(small_world.instance, cursor)
    assert _moment(tick.cursor).utcoffset() == timedelta(0)
    assert bool(tick.run_requests) == cursor.startswith("2026")
