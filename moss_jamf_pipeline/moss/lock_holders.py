"""Who keeps us from M.O.S.S.'s tables: for sentences that say for whom there is a wait, and what to do about it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import psycopg
from psycopg.pq import TransactionStatus

from moss_jamf_pipeline.moss.errors import LockedByOthers, TableLocked
from moss_jamf_pipeline.moss.statements import fetch_all

MOSS_TABLES: Final = (
    *("locations", "rooms", "people", "devices", "ios", "groups", "group_members"),
    *("integration_configs", "integration_object_mappings", "integration_sync_history"),
    *("custom_field_values", "users"),
    *("software_licenses", "person_software_licenses", "group_software_licenses"),
)
"""The tables of M.O.S.S. that a run writes, or that are looked at or written when it does, on any dialect."""

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A session that works on a table in a transaction that is still open.

    Attributes:
        pid: of its process on the database server.
        log_in: whose it is.
        application: what it calls itself.
        since: when the transaction began; None: our log-in may not know.
        table_name: the table.
        is_whole_table: whether nobody else can write the table meanwhile.
    """

    pid: int
    log_in: str | None
    application: str | None
    since: datetime | None
    table_name: str
    is_whole_table: bool

    @property
    def name(self) -> str:
        """The session, for people."""
        whose = f" of {self.log_in}" if self.log_in else ""
        program = f" ({self.application})" if self.application else ""
        since = "" if self.since is None else f", since {self.since.astimezone(UTC):%H:%M:%S} UTC"
        return f"session {self.pid}{whose}{program}{since}"


def lock_holders(
    connection: psycopg.Connection, tables: Collection[str] = MOSS_TABLES
) -> list[LockHolder]:
    """The sessions that may hold what we wait for, those first that hold a whole table, then the oldest."""
    with connection.transaction(), _as_the_log_in(connection):
        rows = fetch_all(connection, "catalogue/lock_holders", {"tables": list(tables)})
    return [LockHolder(**row) for row in rows]


@contextmanager
def _as_the_log_in(connection: psycopg.Connection) -> Iterator[None]:
    """Without the pipeline's roles, inside a transaction: they may know less of other sessions."""
    row = connection.execute(
        "select current_setting('role'), set_config('role', 'none', true)"
    ).fetchone()
    yield
    if row is not None:
        connection.execute("select set_config('role', %s, true)", (row[0],))


def named(holders: Sequence[LockHolder]) -> str:
    """The first of some sessions, for people; empty if there is none."""
    names = list(dict.fromkeys(holder.name for holder in holders))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def require_no_locked_table(connection: psycopg.Connection) -> list[LockHolder]:
    """Whether it is rows that others hold, and not a whole table.

    Args:
        connection: any that is not in a failed transaction.

    Returns:
        Who may hold the rows.

    Raises:
        TableLocked: a whole table is held, and by whom.
    """
    holders = lock_holders(connection)
    whole = [holder for holder in holders if holder.is_whole_table]
    if whole:
        raise table_locked(whole)
    return holders


def locked_by_others(connection: psycopg.Connection, error: psycopg.Error) -> LockedByOthers:
    """What to say of a lock that was waited for in vain.

    Args:
        connection: the one that waited; if it is in a transaction, nobody can be asked who held the lock.
        error: what PostgreSQL said.
    """
    holders: list[LockHolder] = []
    if connection.info.transaction_status == TransactionStatus.IDLE:
        holders = lock_holders(connection)
    whole = [holder for holder in holders if holder.is_whole_table]
    if whole:
        return table_locked(whole)
    words = str(error.diag.message_primary or error).rstrip(".")
    at_work = f" At work on M.O.S.S.'s tables: {named(holders)}." if holders else ""
    return LockedByOthers(
        f"Another session of the M.O.S.S. database holds what the sync needs, and did not let go of it: {words}."
        f"{at_work}",
        "Let whoever works there end the transaction, and run the sync again.",
    )


def table_locked(holders: Sequence[LockHolder]) -> TableLocked:
    """What to say of tables that are held as a whole."""
    tables = ", ".join(dict.fromkeys(holder.table_name for holder in holders))
    pids = " and ".join(
        f"select pg_terminate_backend({pid})" for pid in dict.fromkeys(h.pid for h in holders)
    )
    return TableLocked(
        f"Another session keeps everybody from the table {tables} of M.O.S.S.: {named(holders)}.",
        f"Let whoever works there end the transaction (an administrator can: `{pids}`), and run the sync again.",
    )
