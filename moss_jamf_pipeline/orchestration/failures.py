"""Permanent and transient failures, and what makes Dagster stop retrying.

What the engine explains becomes a `dg.Failure` whose description an operator reads in the UI, and which a retry policy
leaves alone when trying again cannot help.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg
import psycopg

from moss_jamf_pipeline.engine.failures import EXPLAINED, RunTerminated, reason_of
from moss_jamf_pipeline.outputs import terminal_text
from moss_jamf_pipeline.scrubbing import scrubbed, scrubbed_error

# How a run stands that somebody terminates in the UI, or has terminated.
CANCELLED: Final = (
    "The run was cancelled in the Dagster UI before it was done. "
    "What was written stays, and the next run does the rest."
)
CANCELLED_STATUSES: Final = frozenset({dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED})


@contextmanager
def explained_failures() -> Iterator[None]:
    """Turns the errors of the pure packages into failures that say what happened and what to do.

    Dagster stores an error with its causes: no secret is in any of them.

    Raises:
        dg.Failure: with `allow_retries` only where trying again may help.
    """
    try:
        yield
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt) as interrupt:
        # Dagster takes an interrupt for a reason to try the step again; whoever terminates a run means it.
        raise dg.Failure(description=str(RunTerminated()), allow_retries=False) from interrupt
    except Exception as error:
        clean = scrubbed_error(error)
        why = reason_of(error) if isinstance(error, (*EXPLAINED, psycopg.Error)) else None
        if why is not None:
            raise dg.Failure(
                description=terminal_text(scrubbed(why.message)),
                metadata={name: scrubbed(fact) for name, fact in why.facts.items()},
                allow_retries=why.is_transient,
            ) from clean
        if clean is error:
            raise
        raise clean from clean.__cause__
