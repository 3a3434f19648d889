"""What `moss-jamf init` installed in a database: for which dialect, and under which roles the sync works there."""

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal
from weakref import WeakKeyDictionary

import psycopg

from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.settings import project_file

Role = Literal["reader", "writer"]
"""What a role of the pipeline is for; its name in a database is that of the `Installation`."""

READER: Final[Role] = "reader"
WRITER: Final[Role] = "writer"


@dataclass(frozen=True, slots=True)
class Installation:
    """What is installed in one database.

    Attributes:
        dialect: name of the dialect of M.O.S.S.
        reader: name of the role that captures, matches and plans.
        writer: name of the role that applies plans.
    """

    dialect: str
    reader: str
    writer: str

    def role_name(self, role: Role) -> str:
        """The database role that does what a role of the pipeline is for."""
        return self.reader if role == READER else self.writer


# Asked once per connection: a database changes its dialect only by `moss-jamf init`.
_known: "WeakKeyDictionary[psycopg.Connection, Installation]" = WeakKeyDictionary()


def installation(connection: psycopg.Connection) -> Installation:
    """What is installed in the database of a connection.

    Raises:
        MossNotPrepared: nothing is, or what an older version of the pipeline installed.
    """
    known = _known.get(connection)
    if known is None:
        known = _known[connection] = _read(connection)
    return known


def forget_installation(connection: psycopg.Connection) -> None:
    """Has the database asked anew, after something else was installed."""
    _known.pop(connection, None)


def _read(connection: psycopg.Connection) -> Installation:
    try:
        # As a savepoint inside a transaction: whoever handles the error can go on with it.
        with connection.transaction():
            row = connection.execute(_statement()).fetchone()
    except (
        psycopg.errors.InvalidSchemaName,
        psycopg.errors.UndefinedTable,
        psycopg.errors.InsufficientPrivilege,
    ) as error:
        raise _not_installed() from error
    if row is None:
        raise _not_installed()
    return Installation(*row)


def _not_installed() -> MossNotPrepared:
    return MossNotPrepared(
        "The contract with M.O.S.S. is not installed in this database, or not for this log-in.",
        "Run `moss-jamf init`.",
    )


@cache
def _statement() -> bytes:
    name = "catalogue/installation"
    return project_file(f"sql/{name}.sql").read_bytes()
