"""The nightly jobs that forget what is older than its retention: of M.O.S.S.'s database, and of Dagster's.

What is forgotten of the former, and why it is safe: `moss.capture.retention`. Dagster itself keeps runs and their logs
for ever. Of runs that ended long ago the run, its log and its output go. What they materialised stays: it is what
slots, plots and the newest state of each asset are drawn from.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from moss_jamf_pipeline.engine.databases import (
    DAGSTER_VARIABLE,
    MOSS_VARIABLE,
    connect_or_explain,
    resolve_dagster_url,
)
from moss_jamf_pipeline.engine.scopes import name_for
from moss_jamf_pipeline.moss.capture.retention import forget_the_old
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.statements import execute
from moss_jamf_pipeline.orchestration.assets.layout import DATABASE_RETRIES
from moss_jamf_pipeline.orchestration.failures import explained_failures
from moss_jamf_pipeline.orchestration.jobs import FORGET_JOB, FORGET_RUNS_JOB, belongs_to
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.settings import IntegrationChoice, Settings


def build_retention(choice: IntegrationChoice) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job and the schedule that runs it, for one integration."""
    name = name_for(choice.slug, FORGET_JOB)

    @dg.op(
        name=f"{choice.slug}_forget_the_old",
        description="Deletes captures, closed versions and plans older than MOSS_JAMF_RETENTION_DAYS and "
        "MOSS_JAMF_PLAN_RETENTION_DAYS, and what the ledger has of objects that are gone and in no plan any more.",
        retry_policy=DATABASE_RETRIES,
        out=dg.Out(dg.Nothing),
    )
    def forget(context: dg.OpExecutionContext, moss: MossResource) -> None:
        with explained_failures(), moss.database.reading() as connection:
            forgotten = forget_the_old(
                connection,
                find_integration(connection, choice).id,
                retention_days=moss.settings.retention_days,
                plan_retention_days=moss.settings.plan_retention_days,
            )
        context.log.info(
            "Forgot %d captures, %d versions, %d plans and %d entries of the ledger.",
            forgotten.captures,
            forgotten.versions,
            forgotten.plans,
            forgotten.entries,
        )

    @dg.job(
        name=name,
        executor_def=dg.in_process_executor,
        description="Forgets what is older than its retention; what is current is never touched.",
    )
    def forget_old_captures() -> None:
        forget()

    return forget_old_captures, dg.ScheduleDefinition(
        name=f"{name}_daily",
        job=forget_old_captures,
        cron_schedule="40 3 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at 03:40 UTC.",
    )


_AT_ONCE: Final = 100
_ENDED: Final = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)


def build_run_retention(
    choice: IntegrationChoice,
) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job that forgets old runs of one integration, and the schedule that runs it."""
    name = name_for(choice.slug, FORGET_RUNS_JOB)

    @dg.op(
        name=f"{choice.slug}_forget_runs",
        description="Deletes runs that ended more than MOSS_JAMF_RUN_RETENTION_DAYS ago, with their logs.",
        retry_policy=DATABASE_RETRIES,
        out=dg.Out(dg.Nothing),
    )
    def forget(context: dg.OpExecutionContext, moss: MossResource) -> None:
        days = moss.settings.run_retention_days
        before = datetime.now(UTC) - timedelta(days=days)
        with explained_failures():
            forgotten = forget_runs(context.instance, choice.slug, before, moss.settings)
        context.log.info("Forgot %d runs that ended more than %d days ago.", forgotten, days)

    @dg.job(
        name=name,
        executor_def=dg.in_process_executor,
        description="Forgets runs of Dagster's that are older than their retention; what they materialised stays.",
    )
    def forget_old_runs() -> None:
        forget()

    return forget_old_runs, dg.ScheduleDefinition(
        name=f"{name}_daily",
        job=forget_old_runs,
        cron_schedule="10 4 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at 04:10 UTC.",
    )


def forget_runs(
    instance: dg.DagsterInstance, slug: str, before: datetime, settings: Settings
) -> int:
    """Deletes the runs of an integration that ended before a moment.

    Args:
        instance: where they are recorded.
        slug: of the integration; runs of others, and of other code locations, are left alone.
        before: with a time zone.
        settings: the environment, which says where Dagster's database is.

    Returns:
        How many there were.
    """
    forgotten = 0
    url = resolve_dagster_url(settings)
    with connect_or_explain(url, f"{DAGSTER_VARIABLE} or {MOSS_VARIABLE}") as connection:
        for run_ids in _old_runs(instance, slug, before):
            execute(connection, "dagster/forget_checks", {"run_ids": run_ids})
            execute(connection, "dagster/forget_events", {"run_ids": run_ids})
            for run_id in run_ids:
                instance.compute_log_manager.delete_logs(prefix=[run_id])
                instance.run_storage.delete_run(run_id)
            forgotten += len(run_ids)
    return forgotten


def _old_runs(instance: dg.DagsterInstance, slug: str, before: datetime) -> Iterator[list[str]]:
    """The ids of an integration's old runs, some at a time."""
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_ENDED, updated_before=before), ascending=True
    )
    old = [each.dagster_run.run_id for each in records if belongs_to(each.dagster_run, slug)]
    for at in range(0, len(old), _AT_ONCE):
        yield old[at : at + _AT_ONCE]
