"""Dagster behaviours the pipeline relies on, each seen for itself.

A new Dagster that changes one fails here, by name.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster._core.definitions.automation_tick_evaluation_context import (
    build_run_requests_with_backfill_policies,
)
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

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
