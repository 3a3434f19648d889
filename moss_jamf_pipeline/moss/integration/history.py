"""`integration_sync_history`: what M.O.S.S.'s own pages show of each run. No secret gets into it."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.errors import HistoryNotKept
from moss_jamf_pipeline.moss.integration.successors import Succession, take_over
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one, fetch_value
from moss_jamf_pipeline.outputs import terminal_text
from moss_jamf_pipeline.scrubbing import scrubbed, scrubbed_document

logger = logging.getLogger(__name__)

Status = Literal["success", "partial", "failed"]

# M.O.S.S. shows the message in a line of a table; a page of HTML that some proxy answered helps nobody.
_LONGEST_TEXT: Final = 4_000

# Between looks at the integration's row, where another session holds it.
_PAUSES: Final = (0.2, 0.5, 1.0)

_DIED: Final = (
    "The process of this run ended before the run did: it was killed, or its machine or connection was lost. "
    "Run it again: what was written stays, the rest is planned anew."
)


@dataclass(frozen=True, slots=True)
class OpenedHistory:
    """The history row of a run that has begun.

    Attributes:
        history_id: its id.
        succession: what the integration took over just now, from one that was deleted in M.O.S.S.; None: nothing.
    """

    history_id: UUID
    succession: Succession | None = None


def open_history(
    connection: psycopg.Connection,
    integration_id: UUID,
    *,
    run_id: str,
    sync_type: str,
    triggered_by: str | None = None,
    server: str | None = None,
) -> OpenedHistory:
    """Opens the history row of a run (`in_progress`), once however often it is asked for.

    Args:
        connection: one in autocommit mode.
        integration_id: whose run.
        run_id: the run.
        sync_type: `full`, `computers`, `users`, `groups`, `apply` or `partial`.
        triggered_by: who started it. If exactly one user of M.O.S.S. has this address, the row names that user.
        server: the address of the JAMF server, as far as the environment names it.

    Raises:
        HistoryNotKept: M.O.S.S. does not write the row.
    """
    parameters = {
        "integration_id": integration_id,
        "run_id": run_id,
        "sync_type": sync_type,
        "triggered_by": triggered_by and _storable(scrubbed(triggered_by)),
    }
    with writing(connection):
        opened = fetch_one(connection, "history/open_history", parameters)
        if opened is None:
            raise HistoryNotKept(
                "M.O.S.S. did not write this run into its history, and raised no error: a trigger or a policy of "
                "public.integration_sync_history left it out.",
                "A run that nobody can read of is not begun. Let whoever looks after that trigger or policy let it in.",
            )
        if not isinstance(opened["history_id"], UUID):
            raise TypeError("integration_sync_history.id is no UUID")
        succession = take_over(connection, integration_id, server)
    return OpenedHistory(opened["history_id"], succession)


def close_history_of_dead_runs(connection: psycopg.Connection, integration_id: UUID) -> list[str]:
    """Closes the history rows that dead runs left open, as failed; live runs hold their `run_lock.RunLock`.

    Args:
        connection: one in autocommit mode.
        integration_id: whose runs.

    Returns:
        The ids of the dead runs.
    """
    parameters = {"integration_id": integration_id, "error_message": _DIED}
    with writing(connection):
        return [
            row["run_id"]
            for row in fetch_all(connection, "history/close_history_of_dead_runs", parameters)
        ]


def close_history(
    connection: psycopg.Connection,
    *,
    run_id: str,
    status: Status,
    counts: ObjectCounts | None = None,
    error_message: str | None = None,
    error_details: Mapping[str, Any] | None = None,
) -> bool:
    """Closes the history row of a run; a row that is closed already, or was never opened, stays as it is.

    Args:
        connection: one in autocommit mode.
        run_id: the run.
        status: how it ended.
        counts: what became of the objects seen; None when it did not get that far.
        error_message: what went wrong or is left to do; secrets are taken out, what is too long is cut.
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
        "skipped": counts.skipped + counts.conflicts + counts.held + counts.locked if counts else 0,
        "failed": counts.failed if counts else 0,
        "error_message": None if error_message is None else _storable(scrubbed(error_message)),
        "error_details": None
        if error_details is None
        else Jsonb(_storable_document(scrubbed_document(error_details))),
    }
    with writing(connection):
        ended = fetch_one(connection, "history/close_history", parameters)
    if ended is None or not ended["is_closed"]:
        return False
    if not ended["is_shown"]:
        _show_end(connection, parameters)
    return True


def _show_end(connection: psycopg.Connection, parameters: Mapping[str, Any]) -> None:
    """Shows how a run ended on its integration's row, which somebody held locked; most who do are done in a moment."""
    for pause in _PAUSES:
        time.sleep(pause)
        with writing(connection):
            if fetch_value(connection, "history/show_end", parameters):
                return
    logger.warning(
        "Another session holds the integration's row in integration_configs locked: M.O.S.S.'s page does not show how "
        "this run ended, and will show how the next one does. M.O.S.S.'s history has both."
    )


def recent_history(
    connection: psycopg.Connection, integration_id: UUID, *, limit: int = 20, offset: int = 0
) -> list[Row]:
    """The latest runs, newest first; each row carries their `total`, however many are returned."""
    return fetch_all(
        connection,
        "history/recent_history",
        {"integration_id": integration_id, "row_limit": limit, "row_offset": offset},
    )


def sync_type_of(connection: psycopg.Connection, run_id: str) -> str | None:
    """What M.O.S.S.'s history calls a run; None: it does not have it."""
    row = fetch_one(connection, "history/history_of_run", {"run_id": run_id})
    return None if row is None else str(row["sync_type"])


def _storable(text: str) -> str:
    """A text as PostgreSQL takes it and people can read it, not too long: closing must not fail over it."""
    clean = terminal_text(text)
    return clean if len(clean) <= _LONGEST_TEXT else clean[: _LONGEST_TEXT - 1] + "…"


def _storable_document(value: Any) -> Any:
    """The same for every text of a JSON document."""
    match value:
        case str():
            return _storable(value)
        case dict():
            return {_storable(name): _storable_document(content) for name, content in value.items()}
        case list():
            return [_storable_document(content) for content in value]
        case _:
            return value
