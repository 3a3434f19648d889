"""Writes a span of rows of a plan, and looks for those that cannot be written, so that the others are.

One row's trouble is one row's: whatever the database rejects is looked for by halving. What another session holds
locked is not waited for longer than a moment, with nothing else of M.O.S.S. kept from its users meanwhile.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from moss_jamf_pipeline.catalogue.outcomes import Outcome
from moss_jamf_pipeline.moss.contract.roles import close_public
from moss_jamf_pipeline.moss.lock_holders import LockHolder, named, require_no_locked_table
from moss_jamf_pipeline.moss.statements import execute, joining_by_hash
from moss_jamf_pipeline.moss.troubles import Trouble, verdict_on

# How long a statement waits for a lock: what it changes is locked before, without waiting; this is for what it refers
# to, and for names that somebody else is about to take.
_PATIENCE: Final = "1s"
# The same once it has waited in vain, and the row is looked for.
_PATIENCE_OF_THE_SEARCH: Final = "20ms"

LOCK_OBJECTS: Final = "lock_objects"
# These open the schema public for the triggers of M.O.S.S. that they fire; the next statement finds it closed.
_FIRING_TRIGGERS: Final = frozenset(
    {
        *("create_locations", "create_rooms", "create_people", "create_devices", "create_ios"),
        *("create_groups", "overwrite_people", "overwrite_devices", "overwrite_groups"),
        "vacate_hostnames",
    }
)


@dataclass(slots=True)
class SpanWriter:
    """Writes rows of one type, inside a transaction that is open.

    Attributes:
        connection: to the database.
        steps: the statements, in order.
        careful: those of them that are to be joined by hash.
        parameters: of the statements, but for the span.
        has_met_locks: whether a row was left because somebody else held what it needs.
    """

    connection: psycopg.Connection
    steps: Sequence[str]
    careful: frozenset[str]
    parameters: Mapping[str, Any]
    has_met_locks: bool = False
    _holders: list[LockHolder] = field(default_factory=list)

    def write(self, first_row: int, last_row: int, *, is_patient: bool = True) -> None:
        """Writes a span, but for the rows that cannot be written; these are marked with the reason.

        Args:
            first_row: of the span.
            last_row: of the span.
            is_patient: whether a lock is worth a wait; it is not where there was one already.

        Raises:
            TableLocked: another session holds a whole table.
            psycopg.Error: what is nobody's row.
        """
        self._be_patient(_PATIENCE if is_patient else _PATIENCE_OF_THE_SEARCH)
        self._write(first_row, last_row)
        if self.has_met_locks:
            self._say_who_locks()

    def _write(self, first_row: int, last_row: int) -> None:
        span = {**self.parameters, "first_row": first_row, "last_row": last_row}
        try:
            with self.connection.transaction():
                for step in self.steps:
                    self._run(step, span)
        except psycopg.Error as error:
            trouble = verdict_on(error).trouble
            if trouble is Trouble.NOBODYS:
                raise
            if trouble is Trouble.LOCK:
                self._meet_lock()
            if first_row == last_row:
                self._mark(first_row, trouble, error)
                return
            middle = (first_row + last_row) // 2
            self._write(first_row, middle)
            self._write(middle + 1, last_row)

    def _run(self, step: str, span: Mapping[str, Any]) -> None:
        with joining_by_hash(self.connection) if step in self.careful else nullcontext():
            touched = execute(self.connection, step if "/" in step else f"apply/{step}", span)
        if step in _FIRING_TRIGGERS:
            close_public(self.connection)
        if step == LOCK_OBJECTS and touched:
            self.has_met_locks = True

    def _meet_lock(self) -> None:
        """After a wait in vain: what is left is not waited for as long, and a whole table not at all."""
        self._holders = require_no_locked_table(self.connection)
        self.has_met_locks = True
        self._be_patient(_PATIENCE_OF_THE_SEARCH)

    def _be_patient(self, how_long: str) -> None:
        self.connection.execute("select set_config('lock_timeout', %s, true)", (how_long,))

    def _mark(self, row: int, trouble: Trouble, error: psycopg.Error) -> None:
        is_locked = trouble is Trouble.LOCK
        words = error.diag.message_primary or "The database refused the row."
        execute(
            self.connection,
            "apply/mark_unwritten",
            {
                **self.parameters,
                "row_id": row,
                "outcome": (Outcome.LOCKED if is_locked else Outcome.FAILED).value,
                "detail": None if is_locked else words,
            },
        )

    def _say_who_locks(self) -> None:
        holders = named(require_no_locked_table(self.connection) or self._holders)
        by = f" ({holders})" if holders else ""
        execute(
            self.connection,
            "apply/explain_locked",
            {
                **self.parameters,
                "held_by": holders or None,
                "detail": f"Another session{by} held what it needs; it is planned anew next time.",
            },
        )
