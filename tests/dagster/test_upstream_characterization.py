"""Dagster behaviours the pipeline relies on, each seen for itself.

A new Dagster that changes one fails here, by name. The second half is about what Dagster keeps private.
"""

import logging
import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.automation_tick_evaluation_context import (
    build_run_requests_with_backfill_policies,
)
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, HIDDEN_TAG_PREFIX
from dagster._utils.interrupts import capture_interrupts
from dagster_postgres import PostgresEventLogStorage

from moss_jamf_pipeline.orchestration import dagster_internals
from moss_jamf_pipeline.orchestration.dagster_internals import (
    ASSET_PARTITION_RANGE_START_TAG,
    BACKFILL_ID_TAG,
    DAEMON_MODULE,
    MAX_RETRIES_TAG,
    NO_COMPUTE_LOGS,
    NOT_FINISHED_STATUSES,
    PARENT_RUN_ID_TAG,
    PARTITION_NAME_TAG,
    REPOSITORY_LABEL_TAG,
    RETRY_NUMBER_TAG,
    SCHEDULE_NAME_TAG,
    SENSOR_NAME_TAG,
    WILL_RETRY_TAG,
    ConcurrencyClaimStatus,
    ConfigurableClassData,
    DagsterGrpcClient,
    DagsterUserCodeUnreachableError,
    InMemoryJob,
    InstanceRef,
    LocalComputeLogManager,
    QueuedRunCoordinator,
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
    SerializableErrorInfo,
    SubmitRunContext,
    UnresolvedAssetJobDefinition,
    alembic_scripts,
    execute_run,
    has_failed_last,
    pop_captured_interrupt,
)
from moss_jamf_pipeline.orchestration.instance import PooledEventLogStorage
from moss_jamf_pipeline.orchestration.tags import LOCK_PLACE_TAG, PROCESS_TAG

_SLOTS = dg.TimeWindowPartitionsDefinition(
    start="2026-11-01-00:00", fmt="%Y-%m-%d-%H:%M", cron_schedule="0 */6 * * *", end_offset=1
)
_QUICK_RETRIES = dg.RetryPolicy(max_retries=2, delay=0)


@pytest.fixture(autouse=True)
def quiet_runs() -> Iterator[None]:
    """Keep the tracebacks of steps that fail on purpose out of the output."""
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("dagster").setLevel(logging.NOTSET)


def test_with_end_offset_1_the_newest_slot_is_the_one_that_contains_now() -> None:
    now = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
    assert _SLOTS.get_partition_keys(current_time=now)[-1] == "2026-11-22-12:00"
    plain = dg.TimeWindowPartitionsDefinition(
        start="2026-11-01-00:00", fmt="%Y-%m-%d-%H:%M", cron_schedule="0 */6 * * *"
    )
    assert plain.get_partition_keys(current_time=now)[-1] == "2026-11-22-06:00"


def test_a_timestamp_on_the_grid_belongs_to_the_slot_it_begins() -> None:
    tick = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert _SLOTS.get_partition_key_for_timestamp(tick.timestamp()) == "2026-11-22-12:00"
    assert _SLOTS.get_partition_key_for_timestamp(tick.timestamp() - 1) == "2026-11-22-06:00"


def test_a_range_run_lists_every_partition_of_its_range(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    seen: list[list[str]] = []

    @dg.asset(partitions_def=_SLOTS, backfill_policy=dg.BackfillPolicy.single_run())
    def captured(context: dg.AssetExecutionContext) -> None:
        seen.append(list(context.partition_keys))

    slots = ["2026-11-21-18:00", "2026-11-22-00:00", "2026-11-22-06:00"]
    result = dg.materialize(
        [captured],
        instance=ephemeral_instance,
        tags={ASSET_PARTITION_RANGE_START_TAG: slots[0], ASSET_PARTITION_RANGE_END_TAG: slots[-1]},
    )
    assert seen == [slots]
    assert [event.partition for event in result.get_asset_materialization_events()] == slots


@pytest.mark.parametrize(
    ("policy", "runs"), [(dg.BackfillPolicy.single_run(), 1), (dg.BackfillPolicy.multi_run(), 3)]
)
def test_a_single_run_backfill_policy_makes_one_run_of_many_partitions(
    ephemeral_instance: dg.DagsterInstance, policy: dg.BackfillPolicy, runs: int
) -> None:
    @dg.asset(partitions_def=_SLOTS, backfill_policy=policy)
    def captured() -> None: ...

    definitions = dg.Definitions(assets=[captured])
    slots = _SLOTS.get_partition_keys(current_time=datetime(2026, 11, 2, tzinfo=UTC))[:3]
    requests = build_run_requests_with_backfill_policies(
        asset_partitions=[AssetKeyPartitionKey(captured.key, slot) for slot in slots],
        asset_graph=definitions.resolve_asset_graph(),
        dynamic_partitions_store=ephemeral_instance,
    )
    assert len(requests) == runs


def test_a_partitioned_and_an_unpartitioned_asset_share_one_run(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    @dg.asset(partitions_def=_SLOTS)
    def snapshot() -> None: ...

    @dg.asset(deps=[snapshot])
    def current() -> None: ...

    result = dg.materialize(
        [snapshot, current], instance=ephemeral_instance, partition_key="2026-11-22-12:00"
    )
    partitions = {
        event.asset_key.to_user_string(): event.partition
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert partitions == {"snapshot": "2026-11-22-12:00", "current": None}


def test_a_failure_hook_on_an_asset_gets_the_exception_itself(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    heard: list[tuple[str, BaseException | None]] = []

    @dg.failure_hook
    def listen(context: dg.HookContext) -> None:
        heard.append((context.step_key, context.op_exception))

    @dg.asset(hooks={listen})
    def broken() -> None:
        raise dg.Failure("the reason", allow_retries=False)

    dg.materialize([broken], instance=ephemeral_instance, raise_on_error=False)
    ((step, error),) = heard
    assert step == "broken"
    assert isinstance(error, dg.Failure)
    assert error.description == "the reason"


def test_a_failure_hook_is_silent_while_a_step_is_retried(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    heard: list[str] = []
    attempts: list[int] = []

    @dg.failure_hook
    def listen(context: dg.HookContext) -> None:
        heard.append(context.step_key)

    @dg.asset(hooks={listen}, retry_policy=_QUICK_RETRIES)
    def flaky(context: dg.AssetExecutionContext) -> None:
        attempts.append(context.retry_number)
        if context.retry_number < 2:
            raise dg.Failure("away for a moment")

    result = dg.materialize([flaky], instance=ephemeral_instance)
    assert result.success
    assert attempts == [0, 1, 2]
    assert heard == []


def test_a_failure_hook_speaks_once_when_the_retries_are_used_up(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    heard: list[str] = []

    @dg.failure_hook
    def listen(context: dg.HookContext) -> None:
        heard.append(context.step_key)

    @dg.asset(hooks={listen}, retry_policy=_QUICK_RETRIES)
    def broken() -> None:
        raise dg.Failure("away for good")

    assert not dg.materialize([broken], instance=ephemeral_instance, raise_on_error=False).success
    assert heard == ["broken"]


@pytest.mark.parametrize(("allow_retries", "attempts"), [(True, 3), (False, 1)])
def test_a_failure_decides_whether_the_retry_policy_counts(
    ephemeral_instance: dg.DagsterInstance, allow_retries: bool, attempts: int
) -> None:
    seen: list[int] = []

    @dg.asset(retry_policy=_QUICK_RETRIES)
    def broken(context: dg.AssetExecutionContext) -> None:
        seen.append(context.retry_number)
        raise dg.Failure("no", allow_retries=allow_retries)

    dg.materialize([broken], instance=ephemeral_instance, raise_on_error=False)
    assert len(seen) == attempts


def test_a_hook_of_a_job_hears_its_checks_too_and_speaks_once_for_an_asset_that_has_it_already(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    heard: list[str] = []

    @dg.failure_hook
    def listen(context: dg.HookContext) -> None:
        heard.append(context.step_key)

    @dg.asset(hooks={listen})
    def rows() -> None: ...

    @dg.asset_check(asset=rows, blocking=True)
    def rows_are_there() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False)

    @dg.asset(hooks={listen})
    def broken() -> None:
        raise dg.Failure("no", allow_retries=False)

    job = dg.define_asset_job("everything", hooks={listen}, executor_def=dg.in_process_executor)
    definitions = dg.Definitions(assets=[rows, broken], asset_checks=[rows_are_there], jobs=[job])
    definitions.resolve_job_def("everything").execute_in_process(
        instance=ephemeral_instance, raise_on_error=False
    )
    assert sorted(heard) == ["broken", "rows_rows_are_there"]


def test_the_context_knows_which_assets_its_run_materializes(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    seen: list[set[str]] = []

    @dg.asset
    def first(context: dg.AssetExecutionContext) -> None:
        seen.append(
            {key.to_user_string() for key in context.job_def.asset_layer.selected_asset_keys}
        )

    @dg.asset(deps=[first])
    def second() -> None: ...

    definitions = dg.Definitions(assets=[first, second])
    whole = definitions.resolve_implicit_global_asset_job_def()
    whole.execute_in_process(instance=ephemeral_instance)
    whole.execute_in_process(instance=ephemeral_instance, asset_selection=[dg.AssetKey("first")])
    assert seen == [{"first", "second"}, {"first"}]


@pytest.mark.parametrize(
    ("severity", "blocking", "reached"),
    [
        (dg.AssetCheckSeverity.ERROR, True, False),
        (dg.AssetCheckSeverity.ERROR, False, True),
        (dg.AssetCheckSeverity.WARN, True, True),
    ],
)
def test_only_a_blocking_check_of_severity_error_stops_what_follows(
    ephemeral_instance: dg.DagsterInstance,
    severity: dg.AssetCheckSeverity,
    blocking: bool,
    reached: bool,
) -> None:
    @dg.asset
    def rows() -> None: ...

    @dg.asset_check(asset=rows, blocking=blocking)
    def rows_are_there() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, severity=severity)

    @dg.asset(deps=[rows])
    def downstream() -> None: ...

    job = dg.Definitions(
        assets=[rows, downstream], asset_checks=[rows_are_there]
    ).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=ephemeral_instance, raise_on_error=False)
    materialized = {
        event.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert ("downstream" in materialized) is reached
    assert result.success is reached


def test_pools_hold_in_the_in_process_executor(dagster_instance: dg.DagsterInstance) -> None:
    """A slot is claimed for the step and given back after it, in one process too."""
    claimed: list[int] = []

    @dg.asset(pool="jamf_api")
    def pulled(context: dg.AssetExecutionContext) -> None:
        info = context.instance.event_log_storage.get_concurrency_info("jamf_api")
        claimed.append(info.active_slot_count)

    job = dg.define_asset_job("pull", executor_def=dg.in_process_executor)
    definition = dg.Definitions(assets=[pulled], jobs=[job]).resolve_job_def("pull")
    assert definition.execute_in_process(instance=dagster_instance).success
    assert claimed == [1]
    info = dagster_instance.event_log_storage.get_concurrency_info("jamf_api")
    assert (info.slot_count, info.active_slot_count) == (1, 0)


def test_a_secret_read_when_a_run_uses_it_is_not_in_the_definitions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_SECRET", "hush-hush")

    class Server(dg.ConfigurableResource[None]):
        password: str = ""

    @dg.asset
    def pulled(server: Server) -> None: ...

    definitions = dg.Definitions(
        assets=[pulled], resources={"server": Server(password=dg.EnvVar("SOME_SECRET"))}
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    assert "hush-hush" not in str(job.get_job_snapshot())


# -- what Dagster keeps private: every symbol of `dagster_internals` ---------------------------


def test_a_run_that_names_its_code_location_is_one_of_its_jobs_and_retried_no_more_than_it_says(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    @dg.job
    def empty() -> None:
        pass

    location = RegisteredCodeLocationOrigin("there")
    run = ephemeral_instance.create_run_for_job(
        job_def=empty,
        remote_job_origin=RemoteJobOrigin(
            RemoteRepositoryOrigin(location, "__repository__"), "empty"
        ),
    )
    assert run.remote_job_origin is not None
    assert run.remote_job_origin.location_name == "there"
    assert run.tags["dagster/code_location"] == "there"
    assert MAX_RETRIES_TAG == "dagster/max_retries"


def test_a_check_that_nobody_evaluated_has_not_failed(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    check = dg.AssetCheckKey(dg.AssetKey("thing"), "is_right")
    assert not has_failed_last(ephemeral_instance, check)
    for passed in (False, True):
        ephemeral_instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(asset_key=check.asset_key, check_name=check.name, passed=passed)
        )
        assert has_failed_last(ephemeral_instance, check) is not passed


def test_a_tag_that_begins_like_dagsters_own_hidden_ones_is_not_shown() -> None:
    for tag in (PROCESS_TAG, LOCK_PLACE_TAG):
        assert tag.startswith(HIDDEN_TAG_PREFIX)


def test_what_is_queued_passes_the_coordinator_with_its_run_and_its_tags() -> None:
    assert "dagster_run" in SubmitRunContext._fields
    assert callable(QueuedRunCoordinator.submit_run)
    assert ASSET_PARTITION_RANGE_START_TAG == "dagster/asset_partition_range_start"


def test_every_private_symbol_that_is_used_is_characterised_here() -> None:
    said = Path(__file__).read_text(encoding="utf-8").partition("every symbol of")[2]
    assert {
        name for name in dagster_internals.__all__ if not re.search(rf"\b{name}\b", said)
    } == set()


@dg.asset
def noted(context: dg.AssetExecutionContext) -> None:
    if context.run.tags.get("fails"):
        raise ValueError("the reason")


_NOTING = dg.Definitions(
    assets=[noted], jobs=[dg.define_asset_job("note", executor_def=dg.in_process_executor)]
).resolve_job_def("note")


def test_define_asset_job_returns_the_type_that_has_no_public_name() -> None:
    assert isinstance(dg.define_asset_job("some"), UnresolvedAssetJobDefinition)


def test_a_run_of_our_making_is_executed_here_and_heard_event_by_event(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    """`InMemoryJob` and `execute_run`: the run keeps the id and the tags that it was made with."""
    run_id = "00000000-0000-4000-8000-000000000001"
    run = ephemeral_instance.create_run_for_job(
        job_def=_NOTING, run_id=run_id, tags={REPOSITORY_LABEL_TAG: "__repository__@somewhere"}
    )
    heard: list[str] = []
    ephemeral_instance.add_event_listener(
        run_id, lambda entry: heard.append(entry.get_dagster_event().event_type_value)
    )

    assert execute_run(InMemoryJob(_NOTING), run, ephemeral_instance).success

    assert heard[-1] == "PIPELINE_SUCCESS"
    assert "STEP_SUCCESS" in heard
    stored = ephemeral_instance.get_run_by_id(run_id)
    assert stored is not None
    assert stored.tags[".dagster/repository"] == "__repository__@somewhere"


def test_what_a_listener_raises_when_a_step_fails_ends_the_run_before_the_other_steps(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    reached: list[str] = []

    class EndOfRun(BaseException):
        pass

    @dg.asset
    def broken() -> None:
        raise ValueError("the reason")

    @dg.asset
    def other() -> None:
        reached.append("other")

    def listen(entry: dg.EventLogEntry) -> None:
        if entry.dagster_event is not None and entry.dagster_event.is_step_failure:
            raise EndOfRun

    job = dg.Definitions(
        assets=[broken, other],
        jobs=[dg.define_asset_job("both", executor_def=dg.in_process_executor)],
    ).resolve_job_def("both")
    run = ephemeral_instance.create_run_for_job(job_def=job)
    ephemeral_instance.add_event_listener(run.run_id, listen)

    assert not execute_run(InMemoryJob(job), run, ephemeral_instance).success

    assert reached == []
    stored = ephemeral_instance.get_run_by_id(run.run_id)
    assert stored is not None
    assert stored.status is dg.DagsterRunStatus.FAILURE


def test_the_error_of_a_failed_step_is_a_chain_of_class_names_and_messages(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    result = _NOTING.execute_in_process(
        instance=ephemeral_instance, tags={"fails": "yes"}, raise_on_error=False
    )
    (failure,) = result.get_step_failure_events()
    error = failure.step_failure_data.error
    assert isinstance(error, SerializableErrorInfo)
    assert error.cls_name == "DagsterExecutionStepExecutionError"
    assert error.cause is not None
    assert error.cause.cls_name == "ValueError"
    assert error.cause.message == "ValueError: the reason\n"
    assert "the reason" in error.cause.to_string()


def test_an_interrupt_that_dagster_keeps_can_be_taken_from_it_once() -> None:
    with capture_interrupts():
        os.kill(os.getpid(), signal.SIGINT)
        assert pop_captured_interrupt() is True
        assert pop_captured_interrupt() is False


def test_an_instance_is_made_of_a_directory_and_keeps_no_output_when_told_so(
    tmp_path: Path,
) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    overrides = {"compute_logs": dict(NO_COMPUTE_LOGS)}
    with dg.DagsterInstance.from_ref(
        InstanceRef.from_dir(str(tmp_path), overrides=overrides)
    ) as quiet:
        assert isinstance(quiet.compute_log_manager, NoOpComputeLogManager)
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))) as usual:
        assert isinstance(usual.compute_log_manager, LocalComputeLogManager)


def test_what_is_named_in_dagster_yaml_is_made_from_its_place_and_its_configuration(
    tmp_path: Path,
) -> None:
    (tmp_path / "dagster.yaml").write_text(
        "compute_logs:\n"
        "  module: moss_jamf_pipeline.orchestration.instance\n"
        "  class: MossJamfComputeLogs\n"
        "  config: {}\n",
        encoding="utf-8",
    )
    place = InstanceRef.from_dir(str(tmp_path)).compute_logs_data
    assert isinstance(place, ConfigurableClassData)
    assert (place.module_name, place.class_name) == (
        "moss_jamf_pipeline.orchestration.instance",
        "MossJamfComputeLogs",
    )


def test_the_local_keeper_of_output_takes_its_directory(tmp_path: Path) -> None:
    keeper = LocalComputeLogManager(base_dir=str(tmp_path), inst_data=None)
    assert Path(keeper.get_captured_local_path(["run", "compute_logs", "step"], "out")) == (
        tmp_path / "run" / "compute_logs" / "step.out"
    )


def test_a_run_is_unfinished_in_every_state_but_those_that_end_it() -> None:
    assert set(dg.DagsterRunStatus) - set(NOT_FINISHED_STATUSES) == {
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
        dg.DagsterRunStatus.MANAGED,  # "outside of Dagster": its own code never sets it
    }


def test_a_run_says_by_tags_where_it_comes_from(ephemeral_instance: dg.DagsterInstance) -> None:
    assert dg.DagsterRun.tags_for_backfill_id("xkcd") == {BACKFILL_ID_TAG: "xkcd"}

    @dg.asset(partitions_def=_SLOTS)
    def captured() -> None: ...

    slot = "2026-11-22-12:00"
    result = dg.materialize([captured], instance=ephemeral_instance, partition_key=slot)
    assert result.dagster_run.tags[PARTITION_NAME_TAG] == slot


def test_a_run_that_is_tried_again_names_the_one_before(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    first = _NOTING.execute_in_process(
        instance=ephemeral_instance, tags={"fails": "yes"}, raise_on_error=False
    )
    again = dg.DagsterRun(
        job_name="note", tags={PARENT_RUN_ID_TAG: first.run_id, RETRY_NUMBER_TAG: "1"}
    )
    assert again.parent_run_id is None  # it is a field of its own; the tag is what our code reads
    assert (PARENT_RUN_ID_TAG, RETRY_NUMBER_TAG) == (
        "dagster/parent_run_id",
        "dagster/retry_number",
    )
    assert first.dagster_run.tags.get(WILL_RETRY_TAG) is None


def test_the_tags_of_schedules_and_sensors_are_stored_for_ever() -> None:
    assert SCHEDULE_NAME_TAG == "dagster/schedule_name"
    assert SENSOR_NAME_TAG == "dagster/sensor_name"
    assert WILL_RETRY_TAG == "dagster/will_retry"


def test_the_daemon_is_a_module_that_can_be_run() -> None:
    assert find_spec(f"{DAEMON_MODULE}.__main__") is not None


def test_dagsters_tables_are_made_at_the_newest_revision_of_its_migrations(
    dagster_instance: dg.DagsterInstance,
) -> None:
    (newest,) = alembic_scripts().get_heads()
    assert dagster_instance.event_log_storage.alembic_version() == (newest, newest)


def test_a_slot_that_is_taken_is_refused_and_asked_for_again_when_the_answer_says(
    dagster_instance: dg.DagsterInstance,
) -> None:
    """The executor in this process sleeps for none of it: between two questions it spins."""
    storage = dagster_instance.event_log_storage
    assert isinstance(storage, PooledEventLogStorage)
    storage.set_concurrency_slots("pool", 1)
    taken, refused = (
        PostgresEventLogStorage.claim_concurrency_slot(storage, "pool", run, "step")
        for run in ("one", "two")
    )
    assert isinstance(refused, ConcurrencyClaimStatus)
    assert (taken.is_claimed, refused.is_claimed) == (True, False)
    assert refused.with_sleep_interval(0.0).sleep_interval == 0


def test_a_code_server_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    client = DagsterGrpcClient(socket=str(tmp_path / "nobody.sock"))
    with pytest.raises(DagsterUserCodeUnreachableError):
        client.get_server_id(timeout=1)
