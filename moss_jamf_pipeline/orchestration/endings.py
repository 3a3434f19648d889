"""How runs ended: as tags, by which the list of runs is filtered; and why those failed that did."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dagster as dg

from moss_jamf_pipeline.engine.endings import EndedAs, Ending
from moss_jamf_pipeline.orchestration.dagster_internals import WILL_RETRY_TAG
from moss_jamf_pipeline.orchestration.failures import CANCELLED_STATUSES
from moss_jamf_pipeline.orchestration.tags import CHANGES_TAG, HELD_TAG, OUTCOME_TAG, PLAN_TAG

_OF_AN_ENDING: Final = (OUTCOME_TAG, PLAN_TAG, CHANGES_TAG, HELD_TAG)
_NOT_YET: Final = "-"
_LOST: Final = frozenset({dg.DagsterRunStatus.FAILURE, *CANCELLED_STATUSES})


def tag_ending(instance: dg.DagsterInstance, run_id: str, ending: Ending | None) -> None:
    """Says of a run that is about to end how it did.

    Args:
        instance: where it is recorded.
        run_id: the run.
        ending: what its steps left behind; None: none came so far.
    """
    run = instance.get_run_by_id(run_id)
    has_failed = (run is not None and run.status in _LOST) or bool(
        instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.STEP_FAILURE, limit=1
        ).records
    )
    ending = ending or Ending()
    tags = {OUTCOME_TAG: (EndedAs.FAILED if has_failed else ending.outcome).value}
    if ending.plan_id is not None:
        tags[PLAN_TAG] = str(ending.plan_id)
        tags[CHANGES_TAG] = str(ending.changes)
        tags[HELD_TAG] = str(ending.held)
    instance.add_run_tags(run_id, tags)


def tag_as_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Says of a run that it failed, where it could not say so itself: its process died, or it never had one."""
    if run.tags.get(OUTCOME_TAG) != EndedAs.FAILED:
        instance.add_run_tags(run.run_id, {OUTCOME_TAG: EndedAs.FAILED.value})


def forget_ending_of_parent(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Takes back what a run, which another is executed again as, has of how that one ended: Dagster copies its tags."""
    if copied := {name: _NOT_YET for name in _OF_AN_ENDING if name in run.tags}:
        instance.add_run_tags(run.run_id, copied)


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
