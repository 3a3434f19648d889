"""Which dialect of M.O.S.S. a database speaks (`catalogue/dialects`), and what it lacks of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from moss_jamf_pipeline.catalogue.dialects import (
    DIALECTS,
    NEWEST_KNOWN_MIGRATION,
    RELEASE,
    Dialect,
)
from moss_jamf_pipeline.moss.statements import fetch_all, fetch_value


@dataclass(frozen=True, slots=True)
class Detection:
    """What a database looks like.

    Attributes:
        dialect: the one it speaks, or comes nearest to.
        missing: what it lacks of that dialect, as `table` or `table.column`; empty when all is there.
        is_empty: whether it holds none of M.O.S.S.'s tables at all.
        release_migration: the number of the newest migration that the released M.O.S.S. recorded; None if it did not.
    """

    dialect: Dialect
    missing: tuple[str, ...]
    is_empty: bool
    release_migration: int | None

    @property
    def is_usable(self) -> bool:
        """Whether the contract can stand on it."""
        return not self.missing

    def what_is_missing(self) -> str:
        """What it lacks, in a sentence."""
        if self.is_empty:
            return "The database holds no M.O.S.S. tables."
        found = (
            "" if self.release_migration is None else f" (its migration {self.release_migration})"
        )
        return f"This M.O.S.S.{found} lacks {', '.join(self.missing)}."

    def remedy(self) -> str:
        """What to do about it."""
        if self.is_empty:
            return "Point MOSS_DATABASE_URL at the M.O.S.S. database."
        if self.dialect is not RELEASE:
            return "Point MOSS_DATABASE_URL at a M.O.S.S. of a version that the pipeline knows."
        if self.is_newer:
            return (
                f"It is newer than the newest that this version knows (migration {NEWEST_KNOWN_MIGRATION}): updating "
                "M.O.S.S. does not help. Update the pipeline to a version that knows it; until then it writes nothing."
            )
        return (
            "Update M.O.S.S. with its own `npm run db:migrate`, then run `moss-jamf init`. Its integration tables "
            "come with migrations 024 to 028; its runner stops at the second migration 027 the first time, and "
            "goes on when run again."
        )

    @property
    def is_newer(self) -> bool:
        """Whether the released M.O.S.S. recorded a migration that this version of the pipeline does not know."""
        return (
            self.release_migration is not None and self.release_migration > NEWEST_KNOWN_MIGRATION
        )


def detect(connection: psycopg.Connection) -> Detection:
    """Looks at the catalogue and says which M.O.S.S. a database holds, and what it lacks. Reads nothing else."""
    present: dict[str, set[str]] = {}
    for row in fetch_all(connection, "catalogue/public_columns"):
        present.setdefault(row["table"], set()).add(row["column"])
    lacking = {dialect.name: _missing(dialect, present) for dialect in DIALECTS}
    dialect = next(
        (known for known in DIALECTS if known.marker[1] in present.get(known.marker[0], set())),
        min(DIALECTS, key=lambda known: len(lacking[known.name])),
    )
    known_tables = set().union(*(known.tables() for known in DIALECTS))
    return Detection(
        dialect=dialect,
        missing=lacking[dialect.name],
        is_empty=known_tables.isdisjoint(present),
        release_migration=_release_migration(connection, present),
    )


def _release_migration(
    connection: psycopg.Connection, present: Mapping[str, set[str]]
) -> int | None:
    if "migration_number" not in present.get("schema_migrations", set()):
        return None
    try:
        with connection.transaction():
            number: int | None = fetch_value(connection, "catalogue/release_migration")
    except psycopg.errors.InsufficientPrivilege:
        return None  # it only helps to name the version
    return number


def _missing(dialect: Dialect, present: Mapping[str, set[str]]) -> tuple[str, ...]:
    tables = dialect.tables()
    return (
        *(table for table in tables if table not in present),
        *(
            f"{table}.{column}"
            for table, columns in tables.items()
            if table in present
            for column in sorted(columns - present[table])
        ),
    )
