"""Whether Dagster's tables are those of the Dagster that is installed, told without importing it.

Dagster does not bring its tables up to date by itself: after an upgrade a column may be missing, and then every run
ends in an error of the database.
"""

from dataclasses import dataclass
from typing import Final

import psycopg

from moss_jamf_pipeline.moss.statements import fetch_one, fetch_value
from moss_jamf_pipeline.services.explanations import ProblemFound

MIGRATE_BY: Final = (
    "End what uses them (`moss-jamf up`, the daemon, syncs), then run `moss-jamf init`, which "
    "brings them up to date."
)


@dataclass(frozen=True, slots=True)
class DagsterRevisions:
    """The revisions of Dagster's tables that the installed Dagster knows.

    Attributes:
        newest: what it needs.
        known: that one and all before it.
    """

    newest: str
    known: frozenset[str]


def stored_revision(connection: psycopg.Connection) -> str | None:
    """The revision of Dagster's tables; None where Dagster has made none yet.

    Args:
        connection: to Dagster's database, with its search path.
    """
    if not fetch_value(connection, "dagster/has_revision"):
        return None
    row = fetch_one(connection, "dagster/revision")
    return None if row is None else str(row["revision"])


def require_revision(
    connection: psycopg.Connection, revisions: DagsterRevisions, where: str
) -> None:
    """Ends what would work on tables of another Dagster.

    Args:
        connection: to Dagster's database, with its search path.
        revisions: what the installed Dagster knows.
        where: the database in words, without a password.

    Raises:
        ProblemFound: its tables are older or newer than the installed Dagster.
    """
    stored = stored_revision(connection)
    if stored in (None, revisions.newest):
        return
    if stored in revisions.known:
        raise ProblemFound(
            f"Dagster's tables at {where} are those of an older Dagster: revision {stored}, and this one needs "
            f"{revisions.newest}.",
            MIGRATE_BY,
        )
    raise ProblemFound(
        f"Dagster's tables at {where} are those of a newer Dagster: this one does not know revision {stored}.",
        "Install the version of the pipeline that made them, or give Dagster another database with DAGSTER_PG_URL.",
    )
