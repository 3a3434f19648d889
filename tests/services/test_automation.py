"""Whether somebody follows the schedule, read from Dagster's tables: the same as its API says, and nothing is made."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from dagster import DagsterInstance
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from pydantic import SecretStr

from moss_jamf_pipeline.engine.scopes import schedule_name
from moss_jamf_pipeline.services.automation import Automation, look_at_automation
from moss_jamf_pipeline.settings import Settings

_NOW = datetime(2026, 11, 22, 13, 37, tzinfo=UTC)
_SLUG = "jamf_pro"


def _look(slug: str = _SLUG) -> Automation:
    return look_at_automation(Settings(), slug, _NOW)


def _set(
    instance: DagsterInstance, name: str, status: InstigatorStatus, *, is_sensor: bool = True
) -> None:
    target = LoadableTargetOrigin(module_name="moss_jamf_pipeline.definitions")
    repository = RemoteRepositoryOrigin(InProcessCodeLocationOrigin(target), "__repository__")
    state = InstigatorState(
        RemoteInstigatorOrigin(repository, name),
        InstigatorType.SENSOR if is_sensor else InstigatorType.SCHEDULE,
        status,
        SensorInstigatorData() if is_sensor else ScheduleInstigatorData("0 * * * *"),
    )
    known = instance.get_instigator_state(state.instigator_origin_id, state.selector_id)
    if known is None:
        instance.add_instigator_state(state)
    else:
        instance.update_instigator_state(state)


def _is_stopped(instance: DagsterInstance, name: str) -> bool:
    """What Dagster's own API says."""
    return any(
        not state.is_running
        for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
        if state.name == name
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(
    ("ago", "is_alive"), [(0, True), (119, True), (121, False), (86_400, False)]
)
def test_a_daemon_lives_if_it_gave_a_sign_of_life(
    dagster_instance: DagsterInstance, zone: str, ago: int, is_alive: bool
) -> None:
    assert not _look().daemon_is_running
    storage = dagster_instance.run_storage
    with psycopg.connect(_dagster_url(), autocommit=True) as connection:
        connection.execute(f"alter role current_user set timezone = '{zone}'".encode())
        try:
            beat = (_NOW - timedelta(seconds=ago)).timestamp()
            storage.add_daemon_heartbeat(DaemonHeartbeat(beat, "SENSOR", "a-daemon", []))
            (told,) = storage.get_daemon_heartbeats().values()
            assert told.timestamp == beat
            assert _look().daemon_is_running is is_alive
        finally:
            connection.execute("alter role current_user reset timezone")


def test_a_sensor_counts_as_switched_off_as_dagster_has_it(
    dagster_instance: DagsterInstance,
) -> None:
    name = schedule_name(_SLUG)
    for status in (
        InstigatorStatus.DECLARED_IN_CODE,
        InstigatorStatus.STOPPED,
        InstigatorStatus.RUNNING,
        InstigatorStatus.STOPPED,
    ):
        _set(dagster_instance, name, status)
        assert _look().is_switched_off is _is_stopped(dagster_instance, name)
        assert _look().is_switched_off is (status is InstigatorStatus.STOPPED)
        assert not _look("another").is_switched_off


def test_what_else_is_switched_off_does_not_count(dagster_instance: DagsterInstance) -> None:
    _set(dagster_instance, "jamf_pro_failed_runs", InstigatorStatus.STOPPED)
    _set(dagster_instance, schedule_name(_SLUG), InstigatorStatus.STOPPED, is_sensor=False)
    assert not _look().is_switched_off


def test_where_dagster_never_ran_nobody_follows_and_nothing_is_made(moss_database: str) -> None:
    settings = Settings(moss_database_url=SecretStr(moss_database))
    assert look_at_automation(settings, _SLUG, _NOW) == Automation(
        daemon_is_running=False, is_switched_off=False
    )
    with psycopg.connect(moss_database) as connection:
        schema = connection.execute("select to_regnamespace('dagster')").fetchone()
    assert schema == (None,)


def _dagster_url() -> str:
    url = Settings().dagster_pg_url
    assert url is not None
    return url.get_secret_value()
