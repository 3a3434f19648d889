"""Runs that fail for good, or hold changes back: the history is closed, and a webhook is told, over HTTP."""

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.definitions.run_status_sensor_definition import RunStatusSensorCursor

from moss_jamf_pipeline.moss.integration.history import close_history, open_history
from moss_jamf_pipeline.orchestration.dagster_internals import WILL_RETRY_TAG
from moss_jamf_pipeline.orchestration.resources import MossResource
from tests.support.receivers import WebhookReceiver, webhook_receiver
from tests.support.world import DEFINITIONS, World


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookReceiver]:
    with webhook_receiver() as hook:
        monkeypatch.setenv("MOSS_JAMF_ALERT_URL", hook.url)
        yield hook


def _tell_of_failure(world: World, result: dg.ExecuteInProcessResult) -> object:
    """What the failure sensor does with a run, as the daemon calls it."""
    sensor = DEFINITIONS.resolve_sensor_def("jamf_pro_failed_runs")
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_instance=world.instance,
        dagster_run=world.instance.get_run_by_id(result.run_id) or result.dagster_run,
        dagster_event=result.get_run_failure_event(),
        resources={"moss": MossResource()},
    )
    with context:
        return sensor(context.for_run_failure())


_FROM_THE_BEGINNING = RunStatusSensorCursor(record_id=-1).to_json()  # type: ignore[no-untyped-call]


def _tick(world: World, name: str) -> None:
    """Lets a sensor look at all runs so far, as the daemon does; runs like these are no code location's."""
    sensor = DEFINITIONS.resolve_sensor_def(name)
    seen, cursor = None, _FROM_THE_BEGINNING
    while cursor != seen:
        with dg.build_sensor_context(
            instance=world.instance,
            cursor=cursor,
            repository_name="__repository__",
            sensor_name=name,
            resources={"moss": MossResource()},
        ) as context:
            sensor.evaluate_tick(context)
        seen, cursor = cursor, context.cursor or ""


def _look(world: World) -> str:
    """What the sensor of alerts does when the daemon has it look, and what it says of it."""
    sensor = DEFINITIONS.resolve_sensor_def("jamf_pro_alerts")
    with dg.build_sensor_context(
        instance=world.instance, resources={"moss": MossResource()}
    ) as context:
        return sensor.evaluate_tick(context).skip_message or ""


def test_a_failed_run_is_told_with_its_cause_its_remedy_and_a_link(
    small_world: World, webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_DAGSTER_LINK_URL", "https://dagster.example.org/")
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "not-the-secret")
    result = small_world.sync_in_dagster(may_fail=True)
    assert not result.success

    _tell_of_failure(small_world, result)
    _look(small_world)

    (text,) = webhook.texts
    assert "The sync of 'JAMF Pro' failed (sync_jamf)" in text
    assert "gives no token" in text
    assert "Check client id and client secret" in text
    assert text.endswith(f"https://dagster.example.org/runs/{result.run_id}")
    assert "not-the-secret" not in text


def test_a_failed_run_is_told_of_while_the_database_is_away(
    small_world: World, webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "not-the-secret")
    result = small_world.sync_in_dagster(may_fail=True)
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/moss")

    _tell_of_failure(small_world, result)

    (text,) = webhook.texts
    assert "failed (sync_jamf)" in text
    assert "gives no token" in text
    assert "Its history row could not be closed" in text
    assert "127.0.0.1" in text
    assert "nobody:secret" not in text


def test_the_failure_of_the_nightly_job_is_told_as_well(
    small_world: World, webhook: WebhookReceiver
) -> None:
    small_world.execute(
        "update integration_configs set name = name || ' (a copy)', integration_type = 'other'"
    )
    job = DEFINITIONS.resolve_job_def("forget_old_captures")
    result = job.execute_in_process(instance=small_world.instance, raise_on_error=False)
    assert not result.success

    _tell_of_failure(small_world, result)

    (text,) = webhook.texts
    assert "failed (forget_old_captures)" in text


def test_a_history_row_that_a_failed_run_left_open_is_closed(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "not-the-secret")
    result = small_world.sync_in_dagster(may_fail=True)
    small_world.execute(
        "update integration_sync_history set status = 'in_progress', sync_completed_at = null"
    )
    small_world.execute("update jamf_sync.sync_runs set finished_at = null")

    _tell_of_failure(small_world, result)

    (row,) = small_world.history()
    assert row["status"] == "failed"
    assert "gives no token" in row["error_message"]


def test_a_run_that_dagster_tries_again_is_not_told_of(
    small_world: World, webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "not-the-secret")
    result = small_world.sync_in_dagster(may_fail=True)
    small_world.instance.add_run_tags(result.run_id, {WILL_RETRY_TAG: "true"})
    assert _tell_of_failure(small_world, result) is None
    assert webhook.bodies == []


def _new_run(world: World, run_id: str | None = None) -> dg.DagsterRun:
    """A run of the sync as Dagster has it before it begins."""
    job = DEFINITIONS.resolve_job_def("sync_jamf")
    return world.instance.create_run_for_job(job_def=job, run_id=run_id)


def _sync(world: World) -> None:
    """A sync that Dagster knows of, as one of its runs that succeeded."""
    run = _new_run(world, world.sync().run_id)
    ended = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.RUN_SUCCESS.value, job_name=run.job_name
    )
    world.instance.report_dagster_event(ended, run.run_id)


def test_where_all_is_well_nobody_is_told(small_world: World, webhook: WebhookReceiver) -> None:
    _sync(small_world)
    assert _look(small_world) == "0 told."
    assert webhook.bodies == []


def test_while_nobody_is_to_be_told_nothing_is_looked_for(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/moss")
    assert "nobody is told" in _look(small_world)


def test_what_nobody_could_be_told_by_is_said(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_SMTP_HOST", "mail.example.org")
    assert "MOSS_JAMF_MAIL_TO is not" in _look(small_world)


def _hold_renames(world: World) -> None:
    """Every renaming is too much from now on."""
    world.execute(
        """update integration_configs
           set sync_settings = '{"guard": {"rename": {"absolute": 0, "percentage": 0}}}'"""
    )


def _rename(world: World, name: str) -> None:
    for computer in list(world.fleet.computers.values()):
        computer.name = f"{name}-{computer.id}"


def test_case_s13_of_two_runs_inside_one_look_the_one_that_is_held_is_told_of_once(
    small_world: World, webhook: WebhookReceiver
) -> None:
    _sync(small_world)
    _hold_renames(small_world)
    _rename(small_world, "renamed")
    _sync(small_world)
    for _ in range(3):
        _look(small_world)
    (text,) = webhook.texts
    assert "holds changes back" in text
    (newest,) = small_world.query("select max(plan_id) as plan_id from jamf_sync.plans")
    assert f"moss-jamf approve {newest['plan_id']} --kind rename" in text


def test_case_s13_a_newer_plan_or_another_run_that_holds_the_same_tells_nothing_new(
    small_world: World, webhook: WebhookReceiver
) -> None:
    _sync(small_world)
    _hold_renames(small_world)
    for name in ("renamed", "again"):
        _rename(small_world, name)
        _sync(small_world)
        _look(small_world)
    small_world.materialize("moss_devices")
    _look(small_world)
    assert len(webhook.bodies) == 1


def test_case_s13_no_sensor_fails_while_the_database_is_away(
    small_world: World, webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sync(small_world)
    small_world.instance.report_run_failed(_new_run(small_world), "A reason.")
    _cancelled(small_world)
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/moss")
    webhook.status = 500
    for name in ("failed_runs", "cancelled_runs"):
        _tick(small_world, f"jamf_pro_{name}")
    assert "127.0.0.1" in _look(small_world)


def _cancelled(world: World) -> str:
    """A run of the sync that somebody terminates in the UI, and that tells nobody of its end."""
    run = _new_run(world)
    world.instance.report_run_canceling(run)
    world.instance.report_run_canceled(run)
    return run.run_id


def test_case_s14_a_run_that_is_terminated_in_the_ui_says_so_in_the_history(
    small_world: World,
) -> None:
    run_id = _cancelled(small_world)
    with small_world.database.reading() as connection:
        open_history(connection, small_world.integration.id, run_id=run_id, sync_type="full")
    _tick(small_world, "jamf_pro_cancelled_runs")
    (row,) = small_world.history()
    assert row["status"] == "failed"
    assert "The run was cancelled in the Dagster UI" in row["error_message"]
    assert row["sync_completed_at"] is not None


def test_a_run_that_ended_before_it_was_terminated_keeps_its_end(small_world: World) -> None:
    run_id = _cancelled(small_world)
    with small_world.database.reading() as connection:
        open_history(connection, small_world.integration.id, run_id=run_id, sync_type="full")
        close_history(connection, run_id=run_id, status="partial", error_message="why")
    _tick(small_world, "jamf_pro_cancelled_runs")
    (row,) = small_world.history()
    assert (row["status"], row["error_message"]) == ("partial", "why")


def test_a_job_without_history_that_failed_is_over_when_it_succeeds(
    small_world: World, webhook: WebhookReceiver
) -> None:
    job = DEFINITIONS.resolve_job_def("forget_old_captures")
    small_world.execute("update integration_configs set integration_type = 'other'")
    result = job.execute_in_process(instance=small_world.instance, raise_on_error=False)
    small_world.execute("update integration_configs set integration_type = 'jamf'")
    for _ in range(2):
        _tell_of_failure(small_world, result)
        _look(small_world)
    assert [body["turn"] for body in webhook.bodies] == ["begins"]
    assert job.execute_in_process(instance=small_world.instance).success
    for _ in range(2):
        _look(small_world)
    assert [body["turn"] for body in webhook.bodies] == ["begins", "is over"]
    assert webhook.bodies[0]["cause"] == "forget_old_captures"
