"""Takes out of a database what `moss-jamf init` put there: schemas, roles and their rights. M.O.S.S. stays as it was.

Rows of M.O.S.S. that the sync made are M.O.S.S.'s, and stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from moss_jamf_pipeline.moss.contract.installation import forget_installation
from moss_jamf_pipeline.moss.contract.roles import former_roles, names_for
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.statements import fetch_all, fetch_one

OUR_SCHEMAS: Final = ("jamf_sync", "moss_contract")


@dataclass(frozen=True, slots=True)
class RemovedSchema:
    """A schema that goes.

    Attributes:
        name: what it is called.
        owner: whose it is.
        may_drop: whether this log-in has the owner's rights.
        tables: how many are in it.
        size: of these with their indexes, in bytes.
    """

    name: str
    owner: str
    may_drop: bool
    tables: int
    size: int


@dataclass(frozen=True, slots=True)
class RemovedRole:
    """A role of ours that has rights in the database, or none anywhere any more.

    Attributes:
        name: what it is called.
        elsewhere: the other databases of the server that need it; if there are any, it only loses its rights here.
    """

    name: str
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installed:
    """What of ours a database has.

    Attributes:
        schemas: those that go.
        roles: those that go, or lose their rights here.
        left_rights: what a log-in was given by name for the sync, as statements that take it back: whoever gave it
            knows whether it was for the sync alone.
    """

    schemas: tuple[RemovedSchema, ...]
    roles: tuple[RemovedRole, ...]
    left_rights: tuple[sql.Composed, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to remove."""
        return not (self.schemas or self.roles)

    @property
    def statements(self) -> tuple[sql.Composed, ...]:
        """What removes it, in order."""
        return tuple(self._statements())

    def _statements(self) -> Iterator[sql.Composed]:
        for schema in self.schemas:
            yield sql.SQL("drop schema {} cascade").format(sql.Identifier(schema.name))
        for role in self.roles:
            # Takes back what it was granted in this database, columns and the database itself included.
            yield sql.SQL("drop owned by {}").format(sql.Identifier(role.name))
            if not role.elsewhere:
                yield sql.SQL("drop role {}").format(sql.Identifier(role.name))


def look_for(connection: psycopg.Connection, schemas: Sequence[str]) -> Installed:
    """What of ours a database has; changes nothing.

    Args:
        connection: any.
        schemas: which schemas are ours there.

    Raises:
        MossNotPrepared: something of others would go with it; the message names it.
    """
    asked = {"schemas": list(schemas)}
    foreign = [row["what"] for row in fetch_all(connection, "removal/dependents", asked)]
    if foreign:
        raise MossNotPrepared(
            f"Something of others is built on what would be removed: {'; '.join(foreign)}.",
            "Drop it, or have it use nothing of ours; then try again. Nothing was removed.",
        )
    found = fetch_all(connection, "removal/our_schemas", asked)
    here = fetch_one(connection, "roles/who_and_where")
    owner = here["contract_owner"] if here else ""
    return Installed(
        schemas=tuple(
            RemovedSchema(row["name"], row["owner"], row["may_drop"], row["tables"], row["bytes"])
            for row in found
        ),
        roles=_roles(connection),
        left_rights=tuple(_rights_of(connection, owner)) if found else (),
    )


def require_owner(installed: Installed) -> None:
    """Ends what this log-in cannot do, before it looks for runs, which it may not see either.

    Raises:
        MossNotPrepared: a schema is another one's; the message says what an administrator has to run.
    """
    others = [schema for schema in installed.schemas if not schema.may_drop]
    if others:
        raise _refused(installed, f"the schema {others[0].name} belongs to {others[0].owner}")


def remove(connection: psycopg.Connection, installed: Installed) -> None:
    """Removes it, in the caller's transaction.

    Args:
        connection: of a log-in that owns the schemas and may drop the roles.
        installed: what there is.

    Raises:
        MossNotPrepared: this log-in may not do all of it; the message says what an administrator has to run.
    """
    try:
        for statement in installed.statements:
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise _refused(installed, str(error.diag.message_primary)) from error
    forget_installation(connection)


def _refused(installed: Installed, why: str) -> MossNotPrepared:
    script = "\n".join(f"{one.as_string()};" for one in installed.statements)
    return MossNotPrepared(
        f"This log-in may not remove all of it: {why}. Nothing was removed.",
        f"Let a database administrator run:\n{script}",
    )


def _roles(connection: psycopg.Connection) -> tuple[RemovedRole, ...]:
    own = names_for(connection)
    certain = {own.reader, own.writer}
    former = {name for pair in former_roles(connection) for name in pair}
    rows = fetch_all(connection, "removal/our_roles", {"names": sorted(certain | former)})
    # A former name may be another database's: it is ours only where it has rights here.
    ours = [row for row in rows if row["is_used_here"] or row["name"] in certain]
    for row in ours:
        if row["owns"]:
            raise MossNotPrepared(
                f"The role {row['name']} owns what is none of ours: {'; '.join(row['owns'])}.",
                f'Give it to somebody else (reassign owned by "{row["name"]}" to …), or drop it. Nothing was removed.',
            )
    return tuple(RemovedRole(row["name"], tuple(row["elsewhere"])) for row in ours)


def _rights_of(connection: psycopg.Connection, log_in: str) -> Iterator[sql.Composed]:
    for row in fetch_all(connection, "removal/rights_of_log_in", {"log_in": log_in}):
        yield sql.SQL("revoke {} on {} {} from {}").format(
            *(sql.SQL(row[part]) for part in ("privilege", "kind", "identity")),
            sql.Identifier(log_in),
        )
