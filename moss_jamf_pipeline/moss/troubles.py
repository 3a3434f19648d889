"""Whose trouble an error of PostgreSQL's is: one row's, that of somebody who holds a lock, or nobody's row.

Known by its SQLSTATE, in one table. What the table does not name is a row's: an organisation's trigger raises whatever
it likes (`MY001`), and an error inside it has the code of what went wrong there. The codes are those of PostgreSQL's
manual, appendix A.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import psycopg


class Trouble(Enum):
    """What an error that is met while rows are written says about them."""

    ROW = "row"
    """One of the rows caused it: it is looked for, and the others are written."""
    LOCK = "lock"
    """Another session holds what a row needs: that row is left to the next run, and the others are written."""
    NOBODYS = "nobodys"
    """Every row would meet it: the step ends."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of a class of errors.

    Attributes:
        trouble: whose it is.
        reason: why.
        told: what an operator is told before the database's own words; empty: these say enough.
        remedy: what to do.
        passes: whether trying again by itself may help.
    """

    trouble: Trouble
    reason: str
    told: str = ""
    remedy: str = ""
    passes: bool = False


_BY_SQLSTATE: Final[Mapping[str, Verdict]] = {
    "08": Verdict(
        Trouble.NOBODYS,
        "a connection failed: ours, or one that a trigger or a foreign table opens to somewhere else",
        "M.O.S.S. lost a connection that it needs",
        "If a trigger or a foreign table of M.O.S.S. reaches another server, see that it answers.",
        passes=True,
    ),
    "25": Verdict(
        Trouble.NOBODYS,
        "the state of our transaction, not of a row",
        remedy="Run the sync again; if it happens again, please report it.",
    ),
    "25006": Verdict(
        Trouble.NOBODYS,
        "the server takes no writes at all: a standby, or a fail-over that is not finished",
        "The M.O.S.S. database is read-only",
        "Let MOSS_DATABASE_URL name the server that takes writes, or let its administrator make this one writable.",
    ),
    "3D": Verdict(Trouble.NOBODYS, "a database that is not there"),
    "40": Verdict(
        Trouble.NOBODYS,
        "the transaction was rolled back as a whole; done again it may well succeed",
        "The M.O.S.S. database was busy",
        passes=True,
    ),
    "40P01": Verdict(
        Trouble.LOCK,
        "PostgreSQL ended a circle of sessions that wait for each other",
        "The M.O.S.S. database was busy",
        passes=True,
    ),
    "53": Verdict(
        Trouble.NOBODYS,
        "memory, disk or connections are used up, for every row alike",
        "The server of the M.O.S.S. database lacks resources",
        "Let its administrator make room, then run the sync again.",
    ),
    "53100": Verdict(
        Trouble.NOBODYS,
        "the disk is full, for every row alike",
        "The disk of the M.O.S.S. database is full",
        "Let its administrator make room, then run the sync again.",
    ),
    "53200": Verdict(
        Trouble.NOBODYS,
        "memory is used up, for every row alike",
        "The server of the M.O.S.S. database is out of memory",
        "Let its administrator make room, then run the sync again.",
    ),
    "55P03": Verdict(
        Trouble.LOCK,
        "another session holds the lock",
        "The M.O.S.S. database was busy",
        passes=True,
    ),
    "57": Verdict(
        Trouble.NOBODYS,
        "the server, or its administrator, ends what we do",
        "The server of the M.O.S.S. database is shutting down or was restarted",
        "Run the sync again once it is up.",
        passes=True,
    ),
    "57014": Verdict(
        Trouble.NOBODYS,
        "an administrator, or a time limit of theirs, cancelled the statement: they mean the sync, not a row",
        "A statement of the sync was cancelled in the M.O.S.S. database",
        "Ask its administrator why, or whether a statement_timeout is set there for the sync's log-in.",
    ),
    "58": Verdict(
        Trouble.NOBODYS,
        "the server's operating system failed it",
        "The server of the M.O.S.S. database has trouble with its files",
        "Let its administrator look into the server's log.",
    ),
    "F0": Verdict(Trouble.NOBODYS, "the server's configuration is broken"),
    "XX001": Verdict(
        Trouble.NOBODYS,
        "damaged data: whoever goes on writing makes it worse",
        "Data of the M.O.S.S. database is damaged",
        "Let its administrator look into the server's log before anything else is written.",
    ),
    "XX002": Verdict(
        Trouble.NOBODYS,
        "a damaged index: whoever goes on writing makes it worse",
        "An index of the M.O.S.S. database is damaged",
        "Let its administrator look into the server's log before anything else is written.",
    ),
}
"""By class (two characters) or code (five); the code goes first."""

_A_ROWS: Final = Verdict(Trouble.ROW, "a constraint, a trigger or an error inside one")
_NO_SQLSTATE: Final = Verdict(
    Trouble.NOBODYS, "no answer of the server's: the connection, or the client"
)

# Names that are not there and rights that are missing: inside a function, such as a trigger's, they are met by the rows
# for which it comes to that line. In a statement of ours they would be met by every row.
_OURS_UNLESS_IN_A_FUNCTION: Final = ("42", "3F")
_IN_OUR_STATEMENT: Final = Verdict(
    Trouble.NOBODYS, "a right or a name that our own statement lacks, for every row alike"
)


def verdict_on(error: psycopg.Error) -> Verdict:
    """What is thought of an error that PostgreSQL, or psycopg, raised."""
    sqlstate = error.sqlstate
    if sqlstate is None:
        return _NO_SQLSTATE
    known = _BY_SQLSTATE.get(sqlstate) or _BY_SQLSTATE.get(sqlstate[:2])
    if known is not None:
        return known
    # PostgreSQL names the functions that an error came through, and nothing where there is none.
    if sqlstate.startswith(_OURS_UNLESS_IN_A_FUNCTION) and not error.diag.context:
        return _IN_OUR_STATEMENT
    return _A_ROWS
