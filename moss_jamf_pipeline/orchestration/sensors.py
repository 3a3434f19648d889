"""Sensors: what starts syncs by itself, and what tells people of runs that failed or wait for them."""

from datetime import UTC, datetime
from typing import Final

import dagster as dg

from moss_jamf_pipeline.engine.schedule import decide
from moss_jamf_pipeline.engine.scopes import SCOPES, job_name, schedule_name
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.engine.webhook_windows import decide_on_webhooks
from moss_jamf_pipeline.moss.capture.hints import waiting
from moss_jamf_pipeline.moss.integration.history import close_history
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.plan.guard import (
    chosen_plan_id,
    claim_alerts,
    held_summary,
    release_alerts,
)
from moss_jamf_pipeline.orchestration.alerts import AlertNotPosted, post_alert, run_link
from moss_jamf_pipeline.orchestration.dagster_internals import (
    NOT_FINISHED_STATUSES,
    WILL_RETRY_TAG,
)
from moss_jamf_pipeline.orchestration.endings import failure_message
from moss_jamf_pipeline.orchestration.failures import CANCELLED, explained_failures
from moss_jamf_pipeline.orchestration.jobs import job_names
from moss_jamf_pipeline.orchestration.recovery import RunWatch
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.orchestration.tags import TRIGGERED_BY_TAG
from moss_jamf_pipeline.settings import IntegrationChoice

# Since when this process, which evaluates sensors over and over, has seen the locks of runs free.
_FREE_SINCE: Final[dict[str, float]] = {}


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
        _build_held_changes_sensor(choice),
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
    return any(_belongs_to(run, prefix) for run in unfinished)


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
            "After a run that failed for good: closes its history row, should it still be open, and, if "
            "MOSS_JAMF_ALERT_URL is set, posts what happened and what to do to that webhook (Slack-compatible)."
        ),
    )
    def failed_runs(context: dg.RunFailureSensorContext, moss: MossResource) -> None:
        run = context.dagster_run
        if not _belongs_to(run, prefix) or run.tags.get(WILL_RETRY_TAG) == "true":
            return
        message = failure_message(context.get_step_failure_events(), context.failure_event.message)
        try:
            with explained_failures(), moss.database.reading() as connection:
                close_history(connection, run_id=run.run_id, status="failed", error_message=message)
                whose = repr(find_integration(connection, choice).name)
        except dg.Failure as failure:
            # The database may be what failed the run: that is told all the more. The next run closes the row.
            whose = repr(choice.name or prefix)
            if failure.description and failure.description not in message:
                message = f"{message} Its history row could not be closed: {failure.description}"
        _post(
            context,
            moss,
            f"The sync of {whose} failed ({run.job_name}). {message}",
        )

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
        if not _belongs_to(run, prefix):
            return
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


def _build_held_changes_sensor(choice: IntegrationChoice) -> dg.SensorDefinition:
    prefix = choice.slug

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name=f"{prefix}_held_changes",
        monitor_all_code_locations=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description=(
            "After a run whose guard holds changes back: if MOSS_JAMF_ALERT_URL is set, posts what waits for approval, "
            "once for each plan and kind, and not of a plan that a newer one has taken the place of."
        ),
    )
    def held_back(context: dg.RunStatusSensorContext, moss: MossResource) -> None:
        run = context.dagster_run
        if moss.settings.alert_url is None or not _belongs_to(run, prefix):
            return
        try:
            with explained_failures(), moss.database.reading() as connection:
                plan_id = chosen_plan_id(connection, run.run_id)
                held = () if plan_id is None else claim_alerts(connection, plan_id, run.run_id)
                if plan_id is None or not held:
                    return
                integration = find_integration(connection, choice)
                said = f"The sync of {integration.name!r} holds changes back. {held_summary(plan_id, held)}"
                if not _post(context, moss, said):
                    release_alerts(connection, plan_id, held)
        except dg.Failure as failure:
            # What is held stays so, and the next plan says it again.
            context.log.warning(
                "What run %s holds back cannot be told: %s", run.run_id, failure.description
            )

    return held_back


def _post(context: dg.RunStatusSensorContext, moss: MossResource, text: str) -> bool:
    """Posts an alert on a run; one that the webhook does not take stands in the sensor's log."""
    try:
        post_alert(moss.settings, text, link=run_link(moss.settings, context.dagster_run.run_id))
    except AlertNotPosted as refusal:
        context.log.warning("%s", refusal)
        return False
    return True


def _belongs_to(run: dg.DagsterRun, prefix: str) -> bool:
    selected = run.asset_selection
    if selected:
        return any(key.path[0] == prefix for key in selected)
    return run.job_name in job_names(prefix)
