"""The run's row in M.O.S.S.'s history: how it ended, in a word and a sentence.

It is opened before the first step of a run that writes M.O.S.S. (`RunContext.step`). The step `moss_sync_history`
closes that of a run that succeeds; of one that does not, whoever runs it calls `close_as_failed` or `close_as_stopped`.
"""

from collections.abc import Mapping

from moss_jamf_pipeline.engine.checks import Finding
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.scopes import NAMED_RECORDS
from moss_jamf_pipeline.moss.apply.outcome import RunOutcome, run_outcome
from moss_jamf_pipeline.moss.capture.hints import settle
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.history import close_history


def write_history(run: RunContext) -> RunOutcome:
    """Judges the run, and closes its row."""
    with run.step():
        return finish(run)


def finish(run: RunContext) -> RunOutcome:
    """The same, inside a step."""
    choice = run.choice
    outcome = run_outcome(
        run.connection,
        run.integration,
        choice.plan,
        run.captures,
        run.run.applied_object_types,
        choice.chosen_at,
        run_id=run.run.run_id,
    )
    if NAMED_RECORDS in run.run.steps:
        settle(run.connection, run.integration.id, run.run.run_id)
    run.ending.is_of_plan(
        choice.plan.plan_id,
        (
            count
            for count in choice.plan.counts
            if count.object_type in run.run.applied_object_types
        ),
        sum(kind["changes"] for kind in outcome.details["held"]),
        is_partial=outcome.status == "partial",
    )
    close_history(
        run.connection,
        run_id=run.run.run_id,
        status=outcome.status,
        counts=outcome.counts,
        error_message=outcome.message,
        error_details=outcome.details
        | ({} if run.succession is None else {"took_over": run.succession.sentence}),
    )
    return outcome


def close_as_failed(
    database: MossDatabase, run_id: str, message: str, details: Mapping[str, str]
) -> None:
    """Closes the row of a run whose step failed; one that is closed stays as it is.

    Args:
        database: of M.O.S.S.; on a connection of its own, for the run's may be what failed.
        run_id: the run.
        message: what happened and what to do, as sentences.
        details: the same for machines.

    Raises:
        MossUnreachable: the database does not answer.
    """
    with database.reading() as connection:
        close_history(
            connection,
            run_id=run_id,
            status="failed",
            error_message=message,
            error_details=details,
        )


def close_as_stopped(run: RunContext, finding: Finding) -> None:
    """Closes the row of a run that a finding stops."""
    close_history(
        run.connection,
        run_id=run.run.run_id,
        status="failed",
        error_message=finding.sentence,
        error_details={"check": finding.check, "asset": finding.step},
    )
