"""The rights that the sync needs outside its own schemas: granted where this log-in may, else put into a script."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.dialects import DIALECT_BY_NAME, Dialect
from moss_jamf_pipeline.catalogue.privileges import (
    TablePrivileges,
    companion_privileges,
    owner_privileges,
    reader_privileges,
    writer_privileges,
)
from moss_jamf_pipeline.moss.contract.installation import installation
from moss_jamf_pipeline.moss.contract.roles import (
    RoleNames,
    former_roles,
    names_for,
    try_to_execute,
)
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.statements import Row, fetch_all

_NAMED: Final = 3
_OUR_SCHEMAS: Final = ("jamf_sync", "moss_contract", "dagster")


_Change = tuple[str, sql.Composed]
"""What is wrong, in words, and the statement that puts it right."""


@dataclass(frozen=True, slots=True)
class LackingRights:
    """What somebody lacks, and how to give it.

    Attributes:
        what: in words, one of them each.
        statements: what gives it, complete and in order; to be run by a database administrator.
    """

    what: tuple[str, ...]
    statements: tuple[sql.Composed, ...]

    @property
    def summary(self) -> str:
        """The first of them, and how many more there are: the statements say it all."""
        more = len(self.what) - _NAMED
        return "; ".join(self.what[:_NAMED]) + (f"; and {more} more" if more > 0 else "")

    @property
    def script(self) -> str:
        """The statements as they are pasted, one a line."""
        return "\n".join(f"{statement.as_string()};" for statement in self.statements)


def lacking_for_init(connection: psycopg.Connection, dialect: Dialect) -> LackingRights | None:
    """What has to change for `moss-jamf init` to succeed under this log-in, and a sync after it; None if nothing.

    Args:
        connection: any.
        dialect: which M.O.S.S. it is.
    """
    here, names = _here(connection), names_for(connection)
    missing = _missing(connection, dialect, names, owner=here["log_in"], installs=True)
    former = [name for pair in former_roles(connection) for name in pair]
    return _lacking(
        [
            *_grants_on_the_database(missing, here["database"], here["log_in"]),
            *_grants_on_tables(missing),
            *_revokes(connection, dialect, names, former),
            *_changes_of_owners(connection, here["log_in"]),
        ]
    )


def lacking_for_sync(connection: psycopg.Connection) -> LackingRights | None:
    """What this log-in, the owner of the contract and the two roles lack for a sync; None if nothing.

    Raises:
        MossNotPrepared: the contract is not installed.
    """
    installed, here = installation(connection), _here(connection)
    names = RoleNames(installed.reader, installed.writer)
    dialect = DIALECT_BY_NAME[installed.dialect]
    missing = _missing(connection, dialect, names, owner=here["contract_owner"], installs=False)
    return _lacking(
        [
            *_grants_on_the_database(missing, here["database"], here["log_in"]),
            *_grants_on_tables(missing),
            *_revokes(connection, dialect, names, ()),
        ]
    )


def lacking_for_companion(connection: psycopg.Connection) -> LackingRights | None:
    """What this log-in lacks to serve the companion to people who are signed in to M.O.S.S.; None if nothing.

    Raises:
        MossNotPrepared: the contract is not installed.
    """
    installed, here = installation(connection), _here(connection)
    wanted = _wanted(here["log_in"], companion_privileges(DIALECT_BY_NAME[installed.dialect]))
    rows = _missing_of(
        connection, wanted, RoleNames(installed.reader, installed.writer), owner=here["log_in"]
    )
    return _lacking(_grants_on_tables(rows))


def grant_for_init(connection: psycopg.Connection, dialect: Dialect) -> None:
    """Sees to it that `moss-jamf init` under this log-in has every right, and the two roles theirs.

    In the caller's transaction. What this log-in may give it gives.

    Raises:
        MossNotPrepared: something is lacking that it may not give; the message says what an administrator has to run.
    """
    lacking = lacking_for_init(connection, dialect)
    if lacking is None:
        return
    for statement in lacking.statements:
        try_to_execute(connection, statement)
    still = lacking_for_init(connection, dialect)
    if still is not None:
        # The whole script: what was given just now is taken back with the transaction.
        raise MossNotPrepared(
            f"This log-in lacks rights that the sync needs: {still.summary}.",
            f"Let a database administrator run:\n{lacking.script}\nThen run `moss-jamf init` again.",
        )


def grant_for_sync(connection: psycopg.Connection) -> None:
    """Gives the roles what they lack on M.O.S.S.'s tables: M.O.S.S. may have put a new table in an old one's place.

    Whether this log-in may take on the roles is another matter: a dry run takes on the reader only.

    Raises:
        MossNotPrepared: the contract is not installed, or this log-in may not give what is lacking.
    """
    lacking = _lacking_on_tables(connection)
    if lacking is None:
        return
    with connection.transaction():
        for statement in lacking.statements:
            try_to_execute(connection, statement)
        still = _lacking_on_tables(connection)
    if still is not None:
        raise MossNotPrepared(
            f"The sync lacks rights in M.O.S.S.: {still.summary}.",
            f"Let a database administrator run:\n{still.script}",
        )


def _lacking_on_tables(connection: psycopg.Connection) -> LackingRights | None:
    installed = installation(connection)
    rows = _missing(
        connection,
        DIALECT_BY_NAME[installed.dialect],
        RoleNames(installed.reader, installed.writer),
        owner=_here(connection)["contract_owner"],
        installs=False,
    )
    return _lacking(_grants_on_tables(rows))


def _lacking(changes: Iterable[_Change]) -> LackingRights | None:
    listed = tuple(changes)
    if not listed:
        return None
    return LackingRights(
        what=tuple(what for what, _ in listed),
        statements=tuple(statement for _, statement in listed),
    )


def _here(connection: psycopg.Connection) -> Row:
    (row,) = fetch_all(connection, "roles/who_and_where")
    return row


def _missing(
    connection: psycopg.Connection,
    dialect: Dialect,
    names: RoleNames,
    *,
    owner: str,
    installs: bool,
) -> list[Row]:
    wanted = [*_wanted_by_roles(dialect, names), *_wanted(owner, owner_privileges(dialect))]
    return _missing_of(connection, wanted, names, owner=owner, installs=installs)


def _missing_of(
    connection: psycopg.Connection,
    wanted: Iterable[dict[str, object]],
    names: RoleNames,
    *,
    owner: str,
    installs: bool = False,
) -> list[Row]:
    return fetch_all(
        connection,
        "roles/missing_rights",
        {
            "wanted": Jsonb(list(wanted)),
            "roles": [names.reader, names.writer],
            "owner": owner,
            "installs": installs,
        },
    )


def _revokes(
    connection: psycopg.Connection, dialect: Dialect, names: RoleNames, former: Sequence[str]
) -> Iterator[_Change]:
    rows = fetch_all(
        connection,
        "roles/excess_rights",
        {
            "wanted": Jsonb(list(_wanted_by_roles(dialect, names))),
            "roles": [names.reader, names.writer, *former],
        },
    )
    yield from _on_tables("has no business with", "revoke {} on {} from {}", rows)


def _wanted_by_roles(dialect: Dialect, names: RoleNames) -> Iterator[dict[str, object]]:
    yield from _wanted(names.reader, reader_privileges(dialect))
    yield from _wanted(names.writer, writer_privileges(dialect))


def _wanted(role: str, privileges: TablePrivileges) -> Iterator[dict[str, object]]:
    for table, rights in privileges.items():
        for verb, columns in rights.columns().items():
            for column in sorted(columns):
                yield _want(role, table, verb, column)
        for verb in sorted(rights.whole):
            yield _want(role, table, verb, None)


def _want(role: str, table: str, verb: str, column: str | None) -> dict[str, object]:
    return {"role": role, "relation": table, "column": column, "privilege": verb}


def _grants_on_the_database(rows: Sequence[Row], database: str, login: str) -> Iterator[_Change]:
    """What is lacking of the server, the database and the schema public."""
    on_database = sql.Identifier(database)
    for row in rows:
        role = sql.Identifier(row["role"])
        match row["what"], row["privilege"]:
            case "database", "CREATE":
                yield (
                    f"{row['role']} may not create schemas",
                    sql.SQL("grant create on database {} to {}").format(on_database, role),
                )
            case "role", _:
                yield (
                    f"there is no role {row['role']}",
                    sql.SQL("create role {} nologin").format(role),
                )
            case "membership", _:
                yield (
                    f"{login} cannot take on the role {row['role']}",
                    sql.SQL("grant {} to {}").format(role, sql.Identifier(login)),
                )
            case "database", _:
                yield (
                    f"{row['role']} may not create temporary tables",
                    sql.SQL("grant temporary on database {} to {}").format(on_database, role),
                )
            case "schema", _:
                yield (
                    f"{row['role']} may not use the schema public",
                    sql.SQL("grant usage on schema public to {}").format(role),
                )


def _grants_on_tables(missing: Sequence[Row]) -> Iterator[_Change]:
    rows = [row for row in missing if row["what"] == "table"]
    return _on_tables("lacks", "grant {} on {} to {}", rows)


def _on_tables(words: str, statement: str, rows: Sequence[Row]) -> Iterator[_Change]:
    """One statement per table and role."""
    for (relation, role), rights in groupby(rows, lambda row: (row["relation"], row["role"])):
        spelled, said = [], []
        for privilege, columns in groupby(rights, lambda row: str(row["privilege"]).lower()):
            names = [row["column"] for row in columns if row["column"] is not None]
            listed = sql.SQL(", ").join(map(sql.Identifier, names))
            verb = sql.SQL(privilege)
            spelled.append(sql.SQL("{} ({})").format(verb, listed) if names else verb)
            said.append(f"{privilege} ({', '.join(names)})" if names else privilege)
        yield (
            f"{role} {words} {' and '.join(said)} on {relation}",
            sql.SQL(statement).format(
                sql.SQL(", ").join(spelled),
                sql.Identifier(*relation.split(".", 1)),
                sql.Identifier(role),
            ),
        )


def _changes_of_owners(connection: psycopg.Connection, login: str) -> Iterator[_Change]:
    """The pipeline's schemas, and what is in them, that belong to somebody else."""
    rows = fetch_all(connection, "roles/owned_by_others", {"schemas": list(_OUR_SCHEMAS)})
    for row in rows:
        yield (
            f"{row['kind']} {row['identity']} belongs to {row['owner']}",
            sql.SQL("alter {} {} owner to {}").format(
                sql.SQL(row["kind"]), sql.SQL(row["identity"]), sql.Identifier(login)
            ),
        )
