"""How runs ended that failed, in the words of whatever failed first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from moss_jamf_pipeline.orchestration.dagster_internals import WILL_RETRY_TAG


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that failed.

    Attributes:
        run_id: its id.
        job: the job it was a run of.
        message: what happened and what to do.
        is_tried_again: whether Dagster tries it again.
        ended_at: when it ended.
    """

    run_id: str
    job: str
    message: str
    is_tried_again: bool
    ended_at: datetime


def failed_runs_since(instance: dg.DagsterInstance, moment: datetime) -> list[FailedRun]:
    """The runs that have failed since a moment, the first to end first.

    Args:
        instance: where they are recorded.
        moment: with a time zone.
    """
    records = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=moment)
    )
    runs = [
        FailedRun(
            run_id=record.dagster_run.run_id,
            job=record.dagster_run.job_name,
            message=_message_of(instance, record.dagster_run.run_id),
            is_tried_again=record.dagster_run.tags.get(WILL_RETRY_TAG) == "true",
            ended_at=record.update_timestamp,
        )
        for record in records
    ]
    return sorted(runs, key=lambda run: run.ended_at)


def failure_message(step_failures: Iterable[dg.DagsterEvent], last_words: str | None) -> str:
    """What the step that failed first says, else what Dagster says of the run.

    Args:
        step_failures: the events of steps that failed, the first first.
        last_words: Dagster's message on the run.
    """
    for event in step_failures:
        data = event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return data.user_failure_data.description
        if data.error is not None:
            return data.error.message.strip()
    return last_words or "Dagster gave no reason; see the run."


def _message_of(instance: dg.DagsterInstance, run_id: str) -> str:
    entries = instance.all_logs(
        run_id, of_type={dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    )
    events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
    steps = [event for event in events if event.is_step_failure]
    last_words = next((event.message for event in events if event.is_job_failure), None)
    return failure_message(steps, last_words)
