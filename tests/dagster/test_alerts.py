"""Runs that fail for good, or hold changes back: the history is closed, and a webhook is told, over HTTP."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest
from dagster._core.definitions.run_status_sensor_definition import RunStatusSensorCursor

from moss_jamf_pipeline.moss.integration.history import close_history, open_history
from moss_jamf_pipeline.orchestration.alerts import AlertNotPosted, post_alert
from moss_jamf_pipeline.orchestration.dagster_internals import WILL_RETRY_TAG
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.settings import Settings
from tests.support.world import DEFINITIONS, World


@dataclass
class Webhook:
    """A service that takes messages as Slack does.

    Attributes:
        status: what it answers with.
        bodies: what it was sent.
    """

    url: str = ""
    status: int = 200
    bodies: list[dict[str, str]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [body["text"] for body in self.bodies]


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            hook.bodies.append(json.loads(self.rfile.read(length)))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hook.url = f"http://127.0.0.1:{server.server_port}/services/T000/secret-path"
        monkeypatch.setenv("MOSS_JAMF_ALERT_URL", hook.url)
        yield hook
        server.shutdown()


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


def test_a_failed_run_is_told_with_its_cause_its_remedy_and_a_link(
    small_world: World, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_UI_URL", "https://dagster.example.org/")
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "not-the-secret")
    result = small_world.sync_in_dagster(may_fail=True)
    assert not result.success

    _tell_of_failure(small_world, result)

    (text,) = webhook.texts
    assert "The sync of 'JAMF Pro' failed (sync_jamf)" in text
    assert "gives no token" in text
    assert "Check client id and client secret" in text
    assert text.endswith(f"https://dagster.example.org/runs/{result.run_id}")
    assert "not-the-secret" not in text


def test_a_failed_run_is_told_of_while_the_database_is_away(
    small_world: World, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
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
    small_world: World, webhook: Webhook
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
    small_world: World, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
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


def test_a_run_that_holds_nothing_back_is_not_told_of(small_world: World, webhook: Webhook) -> None:
    _sync(small_world)
    _tick(small_world, "jamf_pro_held_changes")
    assert webhook.bodies == []


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
    small_world: World, webhook: Webhook
) -> None:
    _sync(small_world)
    _hold_renames(small_world)
    _rename(small_world, "renamed")
    _sync(small_world)
    for _ in range(3):  # Dagster shows a sensor whose look failed the same runs again, and again
        _tick(small_world, "jamf_pro_held_changes")
    (text,) = webhook.texts
    assert "holds changes back" in text


def test_case_s13_a_plan_that_a_newer_one_has_taken_the_place_of_is_told_of_no_more(
    small_world: World, webhook: Webhook
) -> None:
    _sync(small_world)
    _hold_renames(small_world)
    for name in ("renamed", "again"):
        _rename(small_world, name)
        _sync(small_world)
    _tick(small_world, "jamf_pro_held_changes")
    (text,) = webhook.texts
    (newest,) = small_world.query("select max(plan_id) as plan_id from jamf_sync.plans")
    assert f"moss-jamf approve {newest['plan_id']}" in text


def test_case_s13_another_run_of_the_same_plan_tells_nothing_new(
    small_world: World, webhook: Webhook
) -> None:
    _sync(small_world)
    _hold_renames(small_world)
    _rename(small_world, "renamed")
    _sync(small_world)
    _tick(small_world, "jamf_pro_held_changes")
    small_world.materialize("moss_devices")
    _tick(small_world, "jamf_pro_held_changes")
    assert len(webhook.texts) == 1


def test_case_s13_what_the_webhook_did_not_take_is_told_at_the_next_look(
    small_world: World, webhook: Webhook
) -> None:
    _sync(small_world)
    _hold_renames(small_world)
    _rename(small_world, "renamed")
    _sync(small_world)
    webhook.status = 500
    _tick(small_world, "jamf_pro_held_changes")  # it does not fail, or the run would be forgotten
    webhook.status = 200
    webhook.bodies.clear()
    _tick(small_world, "jamf_pro_held_changes")
    _tick(small_world, "jamf_pro_held_changes")
    assert len(webhook.texts) == 1


def test_case_s13_no_sensor_fails_while_the_database_is_away(
    small_world: World, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sync(small_world)
    small_world.instance.report_run_failed(_new_run(small_world), "A reason.")
    _cancelled(small_world)
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/moss")
    webhook.status = 500
    for name in ("held_changes", "failed_runs", "cancelled_runs"):
        _tick(small_world, f"jamf_pro_{name}")


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


def test_held_changes_are_told_with_how_to_let_them_through(
    small_world: World, webhook: Webhook
) -> None:
    _sync(small_world)
    _hold_renames(small_world)
    _rename(small_world, "renamed")
    _sync(small_world)
    _tick(small_world, "jamf_pro_held_changes")
    (text,) = webhook.texts
    assert "holds changes back" in text
    assert "moss-jamf approve" in text


def test_without_a_webhook_nothing_is_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOSS_JAMF_ALERT_URL", raising=False)
    assert post_alert(Settings(), "anything") is False


def test_a_webhook_that_refuses_is_asked_three_times_and_never_named(webhook: Webhook) -> None:
    webhook.status = 500
    with pytest.raises(AlertNotPosted) as caught:
        post_alert(Settings(), "The sync failed.")
    assert len(webhook.bodies) == 3
    assert "secret-path" not in str(caught.value)
    assert "HTTP 500" in str(caught.value)
    assert "The sync failed." in str(caught.value)


def test_a_long_alert_is_cut_and_its_secrets_are_taken_out(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "a-very-secret-word")
    assert post_alert(Settings(), f"a-very-secret-word {'long ' * 2_000}") is True
    (text,) = webhook.texts
    assert "a-very-secret-word" not in text
    assert len(text) == 3_000
