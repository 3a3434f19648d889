"""Sensors: what starts syncs by itself, and what tells people of runs that failed or wait for them."""

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from typing import Final, NamedTuple

import dagster as dg

from moss_jamf_pipeline.engine.schedule import decide, next_sync
from moss_jamf_pipeline.engine.scopes import SCOPES, job_name, name_for, schedule_name
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.engine.webhook_windows import decide_on_webhooks
from moss_jamf_pipeline.moss.capture.hints import waiting
from moss_jamf_pipeline.moss.integration.history import close_history, sync_type_of
from moss_jamf_pipeline.moss.integration.integrations import Integration, find_integration
from moss_jamf_pipeline.notifying.alerts import (
    look_and_tell,
    tell_noted,
    tell_unnoted,
    usable_channels,
)
from moss_jamf_pipeline.orchestration.assets.report import report_config
from moss_jamf_pipeline.orchestration.dagster_internals import (
    NOT_FINISHED_STATUSES,
    WILL_RETRY_TAG,
)
from moss_jamf_pipeline.orchestration.endings import failure_message, tag_as_failed
from moss_jamf_pipeline.orchestration.failures import CANCELLED, explained_failures
from moss_jamf_pipeline.orchestration.jobs import REPORT_JOB, belongs_to
from moss_jamf_pipeline.orchestration.recovery import RunWatch
from moss_jamf_pipeline.orchestration.remembered import remember_cron
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.orchestration.tags import TRIGGERED_BY_TAG
from moss_jamf_pipeline.orchestration.webserver import Webserver
from moss_jamf_pipeline.services import alerts, causes
from moss_jamf_pipeline.services.causes import Cause
from moss_jamf_pipeline.services.reports.making import newest_ended_sync
from moss_jamf_pipeline.services.requested_runs import DagsterNotAsked
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

_NONE_YET: Final = "none yet"
# Since when this process, which evaluates sensors over and over, has seen the locks of runs free.
_FREE_SINCE: Final[dict[str, float]] = {}


class Noted(NamedTuple):
    """What a failure is noted with.

    Attributes:
        integration: whose.
        ended_at: when the run ended.
    """

    integration: Integration
    ended_at: datetime


def build_sensors(choice: IntegrationChoice) -> list[dg.SensorDefinition]:
    """The sensors of one integration: its schedule, and who is told when a run failed or waits for a person.

    Those that look at runs return None, whatever they find: Dagster fails the tick of one that says of one run that it
    has nothing to do and of another that it has, and shows it the same runs for ever. Nor do they raise, for then it
    forgets the run.
    """
    return [
        _build_schedule_sensor(choice),
        _build_webhook_sensor(choice),
        _build_failure_sensor(choice),
        _build_cancellation_sensor(choice),
        _build_alerts_sensor(choice),
        _build_report_sensor(choice),
    ]


def _build_schedule_sensor(choice: IntegrationChoice) -> dg.SensorDefinition:
    """Syncs everything when M.O.S.S. says so.

    It is no Dagster schedule, because the cron expression of one is fixed when the code location is loaded, and this
    one is saved in M.O.S.S. and may change at any time.
    """
    job = job_name(choice.slug, SCOPES["everything"])

    @dg.sensor(
        name=schedule_name(choice.slug),
        job_name=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Syncs everything when the integration's row in M.O.S.S. says so: integration_configs.sync_schedule (cron, "
            "UTC; every six hours if empty), auto_sync_enabled and is_enabled, read every 30 seconds. A sync runs for "
            "the slot that contains now. Its ticks say what is due next, or why nothing is. Before that, runs whose "
            "process is gone are closed: nothing waits for them."
        ),
    )
    def sync_on_schedule(
        context: dg.SensorEvaluationContext, moss: MossResource
    ) -> dg.SensorResult:
        now = datetime.now(UTC)
        try:
            with explained_failures(), moss.database.reading() as connection:
                RunWatch(context.instance, moss.database, free_since=_FREE_SINCE).close_dead()
                integration = find_integration(connection, choice)
        except dg.Failure as failure:
            # Not dealt with: what is due meanwhile is due still.
            return dg.SensorResult(skip_reason=failure.description)
        _show_when_it_is_synced(context, moss.settings, choice.slug, integration)
        decision = decide(
            integration, _moment(context.cursor), now, is_busy=_is_busy(context.instance, job)
        )
        cursor = decision.considered.isoformat()
        if decision.tick is None:
            return dg.SensorResult(skip_reason=decision.reason, cursor=cursor)
        request = dg.RunRequest(
            run_key=decision.tick.isoformat(),
            partition_key=slot_key_at(now),
            tags={TRIGGERED_BY_TAG: "schedule"},
        )
        return dg.SensorResult(run_requests=[request], cursor=cursor)

    return sync_on_schedule


def _show_when_it_is_synced(
    context: dg.SensorEvaluationContext, settings: Settings, slug: str, integration: Integration
) -> None:
    """Has the schedule in the UI follow the one in M.O.S.S.; a UI that cannot be told follows when it reloads."""
    is_ever = next_sync(integration, datetime.now(UTC)).at is not None
    if not remember_cron(settings, slug, integration.schedule if is_ever else None):
        return
    try:
        with closing(Webserver(settings.dagster_url)) as webserver:
            webserver.look_at_definitions_again()
    except DagsterNotAsked as trouble:
        context.log.info(
            "The schedule in M.O.S.S. is another one; the UI shows it once the code location is reloaded. %s",
            trouble,
        )


def _build_webhook_sensor(choice: IntegrationChoice) -> dg.SensorDefinition:
    """Syncs what JAMF's webhooks named: one run for all that came since the last."""
    prefix = choice.slug

    @dg.sensor(
        name=f"{prefix}_webhooks",
        job_name=job_name(prefix, SCOPES["webhooks"]),
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Syncs the records that JAMF's webhooks named, which the companion stores: looks every five seconds, and "
            "starts one run for all of them, at once after a while of quiet, else MOSS_JAMF_WEBHOOK_SECONDS after the "
            "last. While another run of the integration is queued or at work they wait. Off with automatic syncs."
        ),
    )
    def sync_what_webhooks_named(
        context: dg.SensorEvaluationContext, moss: MossResource
    ) -> dg.SensorResult:
        try:
            with explained_failures(), moss.database.reading() as connection:
                integration = find_integration(connection, choice)
                waits = waiting(connection, integration.id)
        except dg.Failure as failure:
            return dg.SensorResult(skip_reason=failure.description, cursor=context.cursor)
        now = datetime.now(UTC)
        why_not = decide_on_webhooks(
            integration,
            waits,
            last_started=_moment(context.cursor),
            now=now,
            window_seconds=moss.settings.webhook_seconds,
            is_busy=waits.records > 0 and _is_anything_at_work(context.instance, prefix),
        )
        if why_not:
            return dg.SensorResult(skip_reason=why_not, cursor=context.cursor)
        request = dg.RunRequest(tags={TRIGGERED_BY_TAG: "webhooks"})
        return dg.SensorResult(run_requests=[request], cursor=now.isoformat())

    return sync_what_webhooks_named


def _is_anything_at_work(instance: dg.DagsterInstance, prefix: str) -> bool:
    unfinished = instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
    return any(belongs_to(run, prefix) for run in unfinished)


def _is_busy(instance: dg.DagsterInstance, job: str) -> bool:
    unfinished = dg.RunsFilter(job_name=job, statuses=NOT_FINISHED_STATUSES)
    return instance.get_runs_count(unfinished) > 0


def _moment(cursor: str | None) -> datetime | None:
    """The moment in a cursor; None if there is none, or somebody wrote something else into it."""
    try:
        moment = datetime.fromisoformat(cursor or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _build_failure_sensor(choice: IntegrationChoice) -> dg.SensorDefinition:
    prefix = choice.slug

    @dg.run_failure_sensor(
        name=f"{prefix}_failed_runs",
        # Those included that the command line executes: Dagster takes them for no code location's.
        monitor_all_code_locations=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description=(
            "After a run that failed for good: closes its history row, should it still be open, and tells what "
            "happened and what to do, as the sensor of alerts does; also while M.O.S.S.'s database is away."
        ),
    )
    def failed_runs(context: dg.RunFailureSensorContext, moss: MossResource) -> None:
        run = context.dagster_run
        if not belongs_to(run, prefix):
            return
        tag_as_failed(context.instance, run)
        if run.tags.get(WILL_RETRY_TAG) == "true":
            return
        message = failure_message(context.get_step_failure_events(), context.failure_event.message)
        noted, name, kind = None, choice.name or prefix, run.job_name
        try:
            with explained_failures(), moss.database.reading() as connection:
                close_history(connection, run_id=run.run_id, status="failed", error_message=message)
                integration = find_integration(connection, choice)
                noted, name = Noted(integration, _ended_at(context)), integration.name
                kind = sync_type_of(connection, run.run_id) or kind
        except dg.Failure as failure:
            # The database may be what failed the run: that is told all the more. The next run closes the row.
            if failure.description and failure.description not in message:
                message = f"{message} Its history row could not be closed: {failure.description}"
        summary = f"The sync of {name!r} failed ({run.job_name}). {message}"
        cause = causes.failure(kind, summary, run.run_id)
        _tell_of_failure(context, moss, choice, noted, cause)

    return failed_runs


def _build_cancellation_sensor(choice: IntegrationChoice) -> dg.SensorDefinition:
    prefix = choice.slug

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.CANCELED,
        name=f"{prefix}_cancelled_runs",
        monitor_all_code_locations=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="After a run that somebody terminated: closes its history row with that reason, should it be open.",
    )
    def cancelled_runs(context: dg.RunStatusSensorContext, moss: MossResource) -> None:
        run = context.dagster_run
        if not belongs_to(run, prefix):
            return
        tag_as_failed(context.instance, run)
        try:
            with explained_failures(), moss.database.reading() as connection:
                close_history(
                    connection, run_id=run.run_id, status="failed", error_message=CANCELLED
                )
        except dg.Failure as failure:
            # The next run that writes closes the row.
            context.log.warning(
                "The history row of run %s could not be closed: %s", run.run_id, failure.description
            )

    return cancelled_runs


def _build_alerts_sensor(choice: IntegrationChoice) -> dg.SensorDefinition:
    prefix = choice.slug

    @dg.sensor(
        name=f"{prefix}_alerts",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description=(
            "Tells people, by webhook (MOSS_JAMF_ALERT_URL) and mail (MOSS_JAMF_SMTP_HOST), what they should see to: "
            "failed runs, changes that wait for an approval, a sync that was due and has not started, captures that "
            "stay incomplete, queues that grow, credentials that expire. Each cause once, again after "
            "MOSS_JAMF_ALERT_AGAIN_HOURS, and when it is over. Looks every minute; starts nothing."
        ),
    )
    def alerts_sensor(context: dg.SensorEvaluationContext, moss: MossResource) -> dg.SkipReason:
        settings = moss.settings
        channels, troubles = usable_channels(settings)
        if not channels:
            return dg.SkipReason(
                " ".join(troubles)
                or "Neither MOSS_JAMF_ALERT_URL nor MOSS_JAMF_SMTP_HOST is set: nobody is told."
            )
        now = datetime.now(UTC)
        try:
            with explained_failures(), moss.database.reading() as connection:
                integration = find_integration(connection, choice)
                failed = alerts.open_failures(connection, integration)
                succeeded = _last_successes(context.instance, failed)
                told = look_and_tell(connection, integration, choice, settings, now, succeeded)
        except dg.Failure as failure:
            # Whatever failed for it is told by the sensor of failed runs.
            return dg.SkipReason(failure.description)
        for trouble in told.troubles:
            context.log.warning("%s", trouble)
        return dg.SkipReason(f"{told.messages} told.")

    return alerts_sensor


def _build_report_sensor(choice: IntegrationChoice) -> dg.SensorDefinition:
    prefix = choice.slug

    @dg.sensor(
        name=f"{name_for(prefix, REPORT_JOB)}_after_syncs",
        job_name=name_for(prefix, REPORT_JOB),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description=(
            "Makes a report after each full sync that ended well or in part, whoever started it: one of the newest, "
            "however many there were."
        ),
    )
    def report_after_syncs(
        context: dg.SensorEvaluationContext, moss: MossResource
    ) -> dg.SensorResult:
        try:
            with explained_failures(), moss.database.reading() as connection:
                newest = newest_ended_sync(connection, find_integration(connection, choice))
        except dg.Failure as failure:
            return dg.SensorResult(skip_reason=failure.description, cursor=context.cursor)
        if newest is None:
            # The first sync is reported of, too.
            return dg.SensorResult(skip_reason="No full sync has ended yet.", cursor=_NONE_YET)
        run_id, ended_at = newest
        if context.cursor in (None, run_id):
            return dg.SensorResult(
                skip_reason=f"The newest full sync ended {ended_at:%Y-%m-%d %H:%M} UTC.",
                cursor=run_id,
            )
        request = dg.RunRequest(
            run_key=run_id,
            run_config=report_config(prefix, weekly=False),
            tags={TRIGGERED_BY_TAG: "sync"},
        )
        return dg.SensorResult(run_requests=[request], cursor=run_id)

    return report_after_syncs


def _last_successes(instance: dg.DagsterInstance, jobs: Iterable[str]) -> dict[str, datetime]:
    """When each of some jobs succeeded last."""
    found = {}
    for job in jobs:
        succeeded = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
        for record in instance.get_run_records(succeeded, limit=1):
            found[job] = record.update_timestamp
    return found


def _tell_of_failure(
    context: dg.RunFailureSensorContext,
    moss: MossResource,
    choice: IntegrationChoice,
    noted: Noted | None,
    cause: Cause,
) -> None:
    """Tells that a run failed; what a webhook or mail server does not take stands in the sensor's log."""
    channels, _ = usable_channels(moss.settings)
    if not channels:
        return
    now = datetime.now(UTC)
    told = None
    if noted is not None:
        try:
            with explained_failures(), moss.database.reading() as connection:
                alerts.note(connection, noted.integration, moss.settings, cause, noted.ended_at)
                told = tell_noted(connection, noted.integration, choice, moss.settings, now)
        except dg.Failure as failure:
            context.log.warning("%s", failure.description)
    if told is None:
        told = tell_unnoted(choice, moss.settings, cause, now)
    for trouble in told.troubles:
        context.log.warning("%s", trouble)


def _ended_at(context: dg.RunFailureSensorContext) -> datetime:
    """When a run failed, by the clock of Dagster's storage."""
    record = context.instance.get_run_record_by_id(context.dagster_run.run_id)
    ended = None if record is None else record.end_time
    return datetime.now(UTC) if ended is None else datetime.fromtimestamp(ended, UTC)
