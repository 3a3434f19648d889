"""Permanent and transient failures, and what makes Dagster stop retrying.

Errors of the pure packages carry `is_transient` and a remedy; here they become a `dg.Failure` whose description an
operator reads in the UI, and which a retry policy leaves alone when trying again cannot help.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg

from moss_jamf_pipeline.engine.failures import EXPLAINED, RunTerminated

_WORTH_RETRYING = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
)


@contextmanager
def explained_failures() -> Iterator[None]:
    """Turns the errors of the pure packages into failures that say what happened and what to do.

    Raises:
        dg.Failure: with `allow_retries` only where trying again may help.
    """
    try:
        yield
    except EXPLAINED as error:
        raise dg.Failure(
            description=str(error),
            metadata={"remedy": str(getattr(error, "remedy", "")), "kind": type(error).__name__},
            allow_retries=bool(getattr(error, "is_transient", False)),
        ) from error
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt) as interrupt:
        # Dagster takes an interrupt for a reason to try the step again; whoever terminates a run means it.
        raise dg.Failure(description=str(RunTerminated()), allow_retries=False) from interrupt
    except _WORTH_RETRYING as error:
        raise dg.Failure(
            description=f"The M.O.S.S. database was busy: {error.diag.message_primary}. The step is tried again."
        ) from error
    except psycopg.Error as error:
        raise dg.Failure(
            description=f"The M.O.S.S. database refused a statement: {error.diag.message_primary or error}.",
            metadata={"sqlstate": error.sqlstate or "", "kind": type(error).__name__},
            allow_retries=False,
        ) from error
