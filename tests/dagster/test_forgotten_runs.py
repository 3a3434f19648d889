"""Old runs are forgotten with their logs; which slots there are, and how checks stand, is not."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from moss_jamf_pipeline.orchestration.launching import origin_of
from moss_jamf_pipeline.orchestration.partitions import slots_since
from moss_jamf_pipeline.orchestration.retention import forget_runs
from moss_jamf_pipeline.settings import Settings

_ASSET = dg.AssetKey(["jamf_pro", "raw_jamf_computers"])
_SLOT = "2026-11-02-00:00"


def _ended_run(instance: dg.DagsterInstance, job_name: str) -> str:
    """A run that has materialised a slot, evaluated a check and said something."""

    @dg.asset(key=_ASSET, partitions_def=slots_since("2026-11-01-00:00"))
    def captured(context: dg.AssetExecutionContext) -> None:
        context.log.info("said in passing")

    @dg.asset_check(asset=_ASSET, name="is_right")
    def found() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False)

    job = dg.define_asset_job(job_name, [captured], executor_def=dg.in_process_executor)
    definitions = dg.Definitions(assets=[captured], asset_checks=[found], jobs=[job])
    made = definitions.resolve_job_def(job_name)
    return made.execute_in_process(instance=instance, partition_key=_SLOT).run_id


def test_of_an_old_run_only_what_it_made_stays(dagster_instance: dg.DagsterInstance) -> None:
    instance = dagster_instance
    older, newer = _ended_run(instance, "sync_jamf"), _ended_run(instance, "sync_jamf")
    of_another = _ended_run(instance, "sync_jamf__emea")
    working = instance.create_run_for_job(
        job_def=dg.GraphDefinition("plan_jamf").to_job(),
        remote_job_origin=origin_of("plan_jamf"),
        status=dg.DagsterRunStatus.STARTED,
    ).run_id
    settings, now = Settings(), datetime.now(UTC)

    assert forget_runs(instance, "jamf_pro", now - timedelta(days=1), settings) == 0
    assert forget_runs(instance, "jamf_pro", now + timedelta(minutes=1), settings) == 2
    assert {run.run_id for run in instance.get_runs()} == {of_another, working}
    assert instance.get_materialized_partitions(_ASSET) == {_SLOT}
    kept = {entry.dagster_event_type for run in (older, newer) for entry in instance.all_logs(run)}
    assert kept <= {
        dg.DagsterEventType.ASSET_MATERIALIZATION,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    }
    assert instance.all_logs(of_another, of_type=dg.DagsterEventType.STEP_START)
    check = dg.AssetCheckKey(_ASSET, "is_right")
    assert check in instance.event_log_storage.get_latest_asset_check_execution_by_key([check])


def test_the_output_of_a_step_repeats_nothing(dagster_instance: dg.DagsterInstance) -> None:
    @dg.asset
    def made() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"text": "long " * 50})

    result = dg.materialize([made], instance=dagster_instance)
    (output,) = dagster_instance.all_logs(result.run_id, of_type=dg.DagsterEventType.STEP_OUTPUT)
    assert output.dagster_event is not None
    assert output.dagster_event.step_output_data.metadata == {}
    (made_event,) = dagster_instance.all_logs(
        result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    assert made_event.asset_materialization is not None
    assert "text" in made_event.asset_materialization.metadata
