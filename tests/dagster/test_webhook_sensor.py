"""The sensor of webhooks, on a real database and a real instance: one run a window, none while another is at work."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from moss_jamf_pipeline.engine.webhook_windows import decide_on_webhooks
from moss_jamf_pipeline.moss.capture.hints import Waiting
from moss_jamf_pipeline.orchestration.assets.triggers import trigger_of
from moss_jamf_pipeline.orchestration.resources import MossResource
from tests.support.hints import tell, waiting
from tests.support.world import DEFINITIONS, World

_NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _look(world: World, cursor: str | None) -> SensorExecutionData:
    """One tick of the sensor, as the daemon makes it."""
    context = dg.build_sensor_context(
        instance=world.instance,
        cursor=cursor,
        repository_def=DEFINITIONS.get_repository_def(),
        resources={"moss": MossResource()},
    )
    with context:
        return DEFINITIONS.resolve_sensor_def("jamf_pro_webhooks").evaluate_tick(context)


def _later(world: World) -> None:
    """A burst has arrived."""
    world.execute(
        "update jamf_sync.webhook_events set first_received_at = first_received_at - interval '5 s'"
    )


def test_a_burst_is_one_run_which_takes_all_of_it(small_world: World) -> None:
    world = small_world
    world.sync()
    assert "named nothing" in (_look(world, None).skip_message or "")
    linked = world.query(
        "select external_id from integration_object_mappings where external_type = 'computer'"
    )
    *ids, other = [row["external_id"] for row in linked]
    for jamf_id in ids:
        world.fleet.update_computer(jamf_id, {"general": {"name": f"told-{jamf_id}"}})
    for _ in range(3):
        tell(world, *ids)
    assert "others that may follow" in (_look(world, None).skip_message or "")
    _later(world)

    tick = _look(world, None)
    (request,) = tick.run_requests or []
    assert (request.partition_key, trigger_of(request.tags)) == (None, "webhooks")
    job = DEFINITIONS.resolve_job_def("sync_jamf_webhooks")
    queued = world.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    tell(world, other)
    assert "queued or at work" in (_look(world, tick.cursor).skip_message or "")
    world.instance.delete_run(queued.run_id)

    world.jamf.reset_requests()
    run = job.execute_in_process(
        instance=world.instance,
        run_config={
            **request.run_config,
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        tags=request.tags,
    )
    assert run.success
    assert world.jamf.requests.of("computers-inventory") == 1
    (event,) = run.asset_materializations_for_node("jamf_pro__named_records")
    assert event.metadata["named"].value == len(linked)
    renamed = world.query("select count(*) as n from devices where hostname like 'told-%%'", [])
    assert renamed == [{"n": len(ids)}]
    assert waiting(world) == {}

    tell(world, ids[0])
    _later(world)
    assert "the last run of this kind was at" in (_look(world, tick.cursor).skip_message or "")
    long_ago = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    assert _look(world, long_ago).run_requests
    world.execute("update integration_configs set auto_sync_enabled = false")
    assert "switched off" in (_look(world, long_ago).skip_message or "")


@pytest.mark.parametrize(
    ("seconds_waited", "seconds_since_last", "starts"),
    [(0.5, None, False), (3, None, True), (3, 20, False), (70, 61, True), (-5, None, True)],
)
def test_after_quiet_it_starts_at_once_and_else_once_a_window(
    small_world: World, seconds_waited: float, seconds_since_last: float | None, starts: bool
) -> None:
    integration = replace(small_world.integration, is_enabled=True, is_scheduled=True)
    why_not = decide_on_webhooks(
        integration,
        Waiting(1, _NOW - timedelta(seconds=seconds_waited), has_captures=True),
        last_started=None
        if seconds_since_last is None
        else _NOW - timedelta(seconds=seconds_since_last),
        now=_NOW,
        window_seconds=60,
        is_busy=False,
    )
    assert (why_not == "") is starts
