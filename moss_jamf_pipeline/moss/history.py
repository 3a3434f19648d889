"""`integration_sync_history`: what M.O.S.S.'s own pages show of each run."""

from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.planning import ObjectCounts
from moss_jamf_pipeline.moss.statements import Row, execute, fetch_all, fetch_value

Status = Literal["success", "partial", "failed"]


def open_history(
    connection: psycopg.Connection, integration_id: UUID, *, run_id: str, sync_type: str
) -> UUID:
    """Opens the history row of a run (`in_progress`), once however often it is asked for.

    Returns:
        The row's id.
    """
    history_id = fetch_value(
        connection,
        "history/open_history",
        {"integration_id": integration_id, "run_id": run_id, "sync_type": sync_type},
    )
    if not isinstance(history_id, UUID):
        raise TypeError(f"integration_sync_history.id is a {type(history_id).__name__}")
    return history_id


def close_history(
    connection: psycopg.Connection,
    *,
    run_id: str,
    status: Status,
    counts: ObjectCounts | None = None,
    error_message: str | None = None,
    error_details: dict[str, Any] | None = None,
) -> bool:
    """Closes the history row of a run; a row that is closed already, or was never opened, stays as it is.

    Args:
        connection: one in autocommit mode.
        run_id: the run.
        status: how it ended.
        counts: what became of the objects seen; None when it did not get that far.
        error_message: what went wrong or is left to do, without secrets.
        error_details: the same for machines.

    Returns:
        Whether a row was closed.
    """
    parameters = {
        "run_id": run_id,
        "status": status,
        "processed": counts.seen if counts else 0,
        "created": counts.created if counts else 0,
        "updated": counts.updated if counts else 0,
        "skipped": counts.skipped + counts.conflicts if counts else 0,
        "failed": counts.failed if counts else 0,
        "error_message": error_message,
        "error_details": Jsonb(error_details) if error_details is not None else None,
    }
    return execute(connection, "history/close_history", parameters) > 0


def recent_history(
    connection: psycopg.Connection, integration_id: UUID, *, limit: int = 20
) -> list[Row]:
    """The latest runs, newest first."""
    return fetch_all(
        connection, "history/recent_history", {"integration_id": integration_id, "row_limit": limit}
    )
