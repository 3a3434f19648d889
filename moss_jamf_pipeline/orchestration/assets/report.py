"""The report of an integration: an asset of a job of its own, made after each full sync and weekly."""

from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg

from moss_jamf_pipeline.engine.scopes import name_for
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.notifying.reports import Published, publish
from moss_jamf_pipeline.orchestration.assets.layout import REPORT, Layout
from moss_jamf_pipeline.orchestration.dagster_internals import UnresolvedAssetJobDefinition
from moss_jamf_pipeline.orchestration.failures import explained_failures
from moss_jamf_pipeline.orchestration.jobs import REPORT_JOB
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.rendering.reports import report_markdown
from moss_jamf_pipeline.services.reports.contents import Report
from moss_jamf_pipeline.services.reports.making import make_report

REPORT_ASSET: Final = "sync_report"

_MAX_RUNTIME_SECONDS: Final = 30 * 60


class ReportConfig(dg.Config):
    """What a report is about.

    Attributes:
        weekly: the last seven days, and not only the last one.
    """

    weekly: bool = False


def build_report(
    layout: Layout,
) -> tuple[dg.AssetsDefinition, UnresolvedAssetJobDefinition, dg.ScheduleDefinition]:
    """The asset, its job, and the schedule of the weekly one; `sensors` starts it after syncs."""

    @layout.asset(
        REPORT_ASSET,
        REPORT,
        "How the fleet and its sync stand, as a page that needs nothing else: systems, models, enrolment and contact, "
        "what changed, what waits, what people decided, and what needs somebody first. Kept for the companion, written "
        "to the state directory, and mailed if that is configured.",
        upstream=("moss_sync_history",),
        table="jamf_sync.reports",
    )
    def sync_report(
        context: dg.AssetExecutionContext, config: ReportConfig, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, layout.integration)
            settings = moss.settings.naming(layout.integration.name)
            report = make_report(
                connection, integration, settings, datetime.now(UTC), is_weekly=config.weekly
            )
            published = publish(
                connection, integration, layout.integration, settings, report, context.run.run_id
            )
        for trouble in published.troubles:
            context.log.warning("%s", trouble)
        return dg.MaterializeResult(metadata=_metadata(report, published))

    job = dg.define_asset_job(
        name=name_for(layout.prefix, REPORT_JOB),
        selection=dg.AssetSelection.assets(layout.key(REPORT_ASSET)),
        description="Makes a report of how the fleet and its sync stand. Writes nothing to M.O.S.S.",
        executor_def=dg.in_process_executor,
        tags={"dagster/max_runtime": str(_MAX_RUNTIME_SECONDS)},
    )
    weekly = dg.ScheduleDefinition(
        name=f"{name_for(layout.prefix, REPORT_JOB)}_weekly",
        job=job,
        cron_schedule="0 6 * * 1",
        execution_timezone="UTC",
        run_config=report_config(layout.prefix, weekly=True),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every Monday at 06:00 UTC: a report of the last seven days.",
    )
    return sync_report, job, weekly


def report_config(prefix: str, *, weekly: bool) -> dict[str, Any]:
    """The configuration of a run that makes a report."""
    return {"ops": {f"{prefix}__{REPORT_ASSET}": {"config": {"weekly": weekly}}}}


def _metadata(report: Report, published: Published) -> dict[str, Any]:
    shown: dict[str, Any] = {"summary": dg.MetadataValue.md(report_markdown(report))}
    if published.address is not None:
        shown["report"] = dg.MetadataValue.url(published.address)
    if published.file is not None:
        shown["file"] = dg.MetadataValue.path(str(published.file))
    shown |= {figure.name: figure.count for figure in report.figures if figure.count is not None}
    return shown | {"needs_somebody": len(report.attention), "mailed_to": published.mailed_to}
