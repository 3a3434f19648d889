"""Shows other runs that this one is alive: an advisory lock of PostgreSQL, held for as long as the run's process lives.

A run that dies leaves an open history row behind. How old a row is says nothing: a first import takes long. Whether
somebody still holds the lock is exact, on any machine, and needs nobody to clean up.
"""

import time
from collections.abc import Collection
from typing import Final

import psycopg

from moss_jamf_pipeline.moss.database import MossDatabase, is_alive
from moss_jamf_pipeline.moss.errors import MossUnreachable
from moss_jamf_pipeline.moss.statements import execute, fetch_all, fetch_value

_SECONDS_BETWEEN_ATTEMPTS: Final = 5.0


class RunLock:
    """The lock of one run, on a connection of its own, which does nothing else.

    Several processes of one run may hold it at once; `history.close_history_of_dead_runs` asks for it alone.
    """

    def __init__(self, database: MossDatabase) -> None:
        """Takes the database that the run writes; connects when first held."""
        self._database = database
        self._connection: psycopg.Connection | None = None
        self._run_id: str | None = None
        self._not_before = 0.0

    def hold(self, run_id: str) -> None:
        """Takes the run's lock, once however often it is asked; anew if the connection was lost.

        Args:
            run_id: the run; one that was held before is let go.

        Raises:
            MossUnreachable: the database does not answer.
        """
        if self._run_id == run_id and self._is_held():
            return
        self.release()
        self._run_id = run_id
        self._connection = self._database.dedicated_connection()
        try:
            execute(self._connection, "history/hold_run", {"run_id": run_id})
        except psycopg.OperationalError as error:
            if not self._connection.broken:
                raise
            raise self._database.unreachable(error) from error

    def release(self) -> None:
        """Lets the lock go, by ending the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._run_id = None

    def hold_again(self) -> None:
        """Takes the lock anew where the connection was lost; where the server is still away, the next call does.

        To be called often, wherever the run passes: it costs next to nothing while the lock is held.
        """
        if self._run_id is None or self._is_held() or time.monotonic() < self._not_before:
            return
        try:
            self.hold(self._run_id)
        except MossUnreachable:
            self._not_before = time.monotonic() + _SECONDS_BETWEEN_ATTEMPTS

    def _is_held(self) -> bool:
        """Whether the session that took the lock still lives; then the lock does."""
        return self._connection is not None and is_alive(self._connection)


def held_runs(connection: psycopg.Connection, run_ids: Collection[str]) -> frozenset[str]:
    """Which of some runs somebody holds, so that they are alive.

    Args:
        connection: to the database that the runs write.
        run_ids: the runs.
    """
    if not run_ids:
        return frozenset()
    rows = fetch_all(connection, "history/held_runs", {"run_ids": list(run_ids)})
    return frozenset(row["run_id"] for row in rows)


def place_of_locks(connection: psycopg.Connection) -> str:
    """Names the database that a connection is to, and in which runs hold their locks, among all there are."""
    return str(fetch_value(connection, "history/place_of_locks"))
