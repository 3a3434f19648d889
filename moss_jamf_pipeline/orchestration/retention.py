"""The daily job that forgets what is older than its retention. What that is, and why it is safe: `moss.retention`."""

import dagster as dg

from moss_jamf_pipeline.engine.scopes import name_for
from moss_jamf_pipeline.moss.capture.retention import forget_the_old
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.orchestration.assets.layout import DATABASE_RETRIES
from moss_jamf_pipeline.orchestration.failures import explained_failures
from moss_jamf_pipeline.orchestration.jobs import FORGET_JOB
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.settings import IntegrationChoice


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
