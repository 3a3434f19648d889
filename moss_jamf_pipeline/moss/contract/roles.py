"""The two database roles the pipeline drops to: field ownership, enforced (docs/who-wins.md, "Who wins a field").

The reader reads the contract and works in `jamf_sync`: captures, matches and plans are made under it, so a dry run
cannot write M.O.S.S. The writer applies plans. Its privileges on M.O.S.S.'s tables are column grants that follow from
the ownership table (`catalogue/privileges.py`): a bug in a transform that tries to change an owned column ends in a
privilege error, not in lost data. Roles belong to a server, not to a database: their names carry the database's, so
that one server can hold two M.O.S.S.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from moss_jamf_pipeline.moss.contract.installation import READER, WRITER, Role, installation
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.statements import fetch_all, fetch_value

_NAME_BYTES: Final = 63
"""PostgreSQL cuts longer names off."""
_SHARED_ROLES: Final = ("moss_jamf_reader", "moss_jamf_writer")
"""What the roles were called on every database of a server."""


@dataclass(frozen=True, slots=True)
class RoleNames:
    """The database roles of one database: what the reader and the writer are called."""

    reader: str
    writer: str


_FUNCTIONS_OF_THE_READER: Final = ("active_encryption_key", "forget_ledger")
_FUNCTIONS_OF_THE_WRITER: Final = (
    "announce_creations",
    "note_creations",
    "note_writing",
    "fill_empty",
    "follow_default",
    "overwrite_interfaces",
    "renew_attribute_fields",
    "lock_interfaces",
    "add_group_members",
    "remove_group_members",
    "share_group_members",
    "write_decided",
    "carry_out_decisions",
    "restore_owned",
    "delete_link",
    "delete_created",
    "note_integration",
    "succeed_integration",
    "note_links_made",
)
LEDGER: Final = (
    "created_objects",
    "creations_under_way",
    "owned_writes",
    "group_member_additions",
    "known_integrations",
)
"""The tables of `jamf_sync` that prove something (docs/security.md): functions write them, the roles can only read."""
OF_THE_COMPANION: Final = ("administrator_tokens", "requested_runs", "webhook_secrets")
"""The tables of `jamf_sync` that are the companion's, whose log-in owns them: the roles can do nothing with them."""


def role_name(role: Role, database: str) -> str:
    """What a role of the pipeline is called on a server: at most 63 bytes, another one for every database.

    Args:
        role: which.
        database: name of the database.
    """
    prefix = f"moss_jamf_{role}_"
    room = _NAME_BYTES - len(prefix)
    if len(database.encode()) <= room:
        return prefix + database
    digest = hashlib.sha256(database.encode()).hexdigest()[:8]
    beginning = database.encode()[: room - len(digest) - 1].decode(errors="ignore")
    return f"{prefix}{beginning}_{digest}"


def names_for(connection: psycopg.Connection) -> RoleNames:
    """What the roles of a database are called once it is prepared."""
    database = database_name(connection)
    return RoleNames(role_name(READER, database), role_name(WRITER, database))


def database_name(connection: psycopg.Connection) -> str:
    """The database as the server calls it."""
    return str(fetch_value(connection, "roles/who_and_where"))


def grant_on_our_schemas(connection: psycopg.Connection, reader: str, writer: str) -> None:
    """Gives both roles what they need in `jamf_sync` and `moss_contract`.

    In the caller's transaction, by the owner of both. The contract was made anew: nothing granted there is left.

    Args:
        connection: the owner's.
        reader: name of the reading role.
        writer: name of the writing role.
    """
    both = sql.SQL(", ").join(map(sql.Identifier, (reader, writer)))
    for statement in (
        "grant usage on schema jamf_sync, moss_contract to {}",
        "grant select, insert, update, delete on all tables in schema jamf_sync to {}",
        "revoke insert, update, delete on jamf_sync.schema_migrations from {}",
        # A view acts with its owner's rights: writing it would go round the row-level security of the conflicts.
        "revoke insert, update, delete on jamf_sync.decisions from {}",
        "grant usage on all sequences in schema jamf_sync to {}",
        "grant execute on all functions in schema jamf_sync to {}",
        # For a trigger of the owner's; a role that may call it could give it a table of its own.
        "revoke execute on function jamf_sync.delete_rows_of_plans() from {}",
        "grant select on all tables in schema moss_contract to {}",
    ):
        connection.execute(sql.SQL(statement).format(both))
    for table in LEDGER:
        connection.execute(
            sql.SQL("revoke insert, update, delete on {} from {}").format(
                sql.Identifier("jamf_sync", table), both
            )
        )
    for table in OF_THE_COMPANION:
        connection.execute(
            sql.SQL("revoke all on {} from {}").format(sql.Identifier("jamf_sync", table), both)
        )
    for role, functions in (
        (reader, _FUNCTIONS_OF_THE_READER),
        (writer, _FUNCTIONS_OF_THE_WRITER),
    ):
        for function in functions:
            connection.execute(
                sql.SQL("grant execute on function {} to {}").format(
                    sql.Identifier("moss_contract", function), sql.Identifier(role)
                )
            )


def former_roles(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """The pairs of reader and writer that this database may have been prepared for until now."""
    try:
        installed = installation(connection)
    except MossNotPrepared:
        return [_SHARED_ROLES]
    return [_SHARED_ROLES, (installed.reader, installed.writer)]


def move_from_former_roles(
    connection: psycopg.Connection, former: Iterable[tuple[str, str]], reader: str, writer: str
) -> tuple[str, ...]:
    """Moves a database over from other pairs of roles to the present one.

    Whoever could take on a former role can take on the new one, for it had the same rights here; but not if another
    database of the server uses the former one as well: then it may be that one's log-in. The former ones lose their
    rights in this database, and are dropped unless another database still needs them or this log-in may not.

    Args:
        connection: the owner's of `jamf_sync`, in a transaction.
        former: the pairs; those that the server does not have are passed over.
        reader: name of the reading role.
        writer: name of the writing role.

    Returns:
        The log-ins that could take on a former role and were given no new one.
    """
    left_behind: set[str] = set()
    for pair in former:
        for name, successor in zip(pair, (reader, writer), strict=True):
            if name != successor and fetch_value(connection, "roles/role_exists", {"name": name}):
                left_behind |= _retire(connection, name, successor)
    return tuple(sorted(left_behind))


def _retire(connection: psycopg.Connection, former: str, successor: str) -> set[str]:
    name = sql.Identifier(former)
    for member in fetch_all(connection, "roles/role_members", {"name": former}):
        try_to_execute(
            connection,
            sql.SQL("grant {} to {}").format(
                sql.Identifier(successor), sql.Identifier(member["name"])
            ),
        )
    left_behind = fetch_all(
        connection, "roles/members_left_behind", {"name": former, "successor": successor}
    )
    for statement in (
        "revoke all on all tables in schema jamf_sync from {}",
        "revoke all on all sequences in schema jamf_sync from {}",
        "revoke all on all functions in schema jamf_sync from {}",
        "revoke all on schema jamf_sync from {}",
    ):
        try_to_execute(connection, sql.SQL(statement).format(name))
    try_to_execute(
        connection,
        sql.SQL("revoke temporary on database {} from {}").format(
            sql.Identifier(database_name(connection)), name
        ),
    )
    try_to_execute(connection, sql.SQL("drop role {}").format(name))
    return {member["name"] for member in left_behind}


@contextmanager
def writing(connection: psycopg.Connection) -> Iterator[None]:
    """A transaction under the writing role: the only way in which the pipeline writes M.O.S.S.

    Times are those of M.O.S.S.'s own zone in it. What stands in the schema public is found by M.O.S.S.'s own triggers
    only: the statements that fire them open it (`moss_contract.open_public`), and whoever runs one closes it again
    (`close_public`). The role and the settings that were in force before are back afterwards, also where the
    transaction is a savepoint of another.

    Raises:
        MossNotPrepared: this log-in cannot take on the role.
    """
    # What a transaction sets for itself ends with it; only a savepoint has to take it back.
    is_savepoint = connection.info.transaction_status != TransactionStatus.IDLE
    with connection.transaction():
        before = (
            connection.execute(
                "select current_setting('role'), current_setting('timezone'), current_setting('search_path')"
            ).fetchone()
            if is_savepoint
            else None
        )
        name = installation(connection).role_name(WRITER)
        with _explaining_refusal(name):
            fetch_value(connection, "roles/begin_writing", {"role": name})
        yield
        if before is not None:
            connection.execute(
                "select set_config('timezone', %s, true), set_config('search_path', %s, true)",
                before[1:],
            )
            connection.execute(
                sql.SQL("set local role {}").format(sql.Identifier(before[0]))
                if before[0] != "none"
                else sql.SQL("set local role none")
            )


def take_on(connection: psycopg.Connection, role: Role, *, for_transaction: bool = False) -> None:
    """SET ROLE.

    Raises:
        MossNotPrepared: the role is not there, or this log-in is no member of it.
    """
    name = installation(connection).role_name(role)
    scope = sql.SQL("local ") if for_transaction else sql.SQL("")
    with _explaining_refusal(name):
        connection.execute(sql.SQL("set {}role {}").format(scope, sql.Identifier(name)))


def close_public(connection: psycopg.Connection) -> None:
    """Has the rest of a transaction find nothing in the schema public that it does not name with it."""
    connection.execute("select pg_catalog.set_config('search_path', 'pg_catalog', true)")


def refuse_strangers(connection: psycopg.Connection) -> None:
    """Ends what would write M.O.S.S. while its triggers might call what does not belong there; docs/security.md.

    Raises:
        MossNotPrepared: somebody who may take on a role of ours has put something into the schema public.
    """
    try:
        # As a savepoint inside a transaction: whoever handles the error can go on with it.
        with connection.transaction():
            connection.execute("select moss_contract.refuse_strangers()")
    except psycopg.errors.InsufficientPrivilege as error:
        raise MossNotPrepared(
            f"The sync writes nothing: {error.diag.message_primary}.",
            "Have that dropped; `moss-jamf doctor` names all of it.",
        ) from error


@contextmanager
def _explaining_refusal(name: str) -> Iterator[None]:
    try:
        yield
    except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
        raise MossNotPrepared(
            f"This log-in cannot take on the role {name}, under which the sync works: {error.diag.message_primary}.",
            "Run `moss-jamf init`; if it may not create roles, it says what a database administrator has to run.",
        ) from error


def try_to_execute(connection: psycopg.Connection, statement: sql.Composed) -> None:
    """Runs what this log-in may not be allowed to do, or what another process did or needs; then nothing happens."""
    try:
        with connection.transaction():
            connection.execute(statement)
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.DuplicateObject,
        psycopg.errors.UniqueViolation,
        psycopg.errors.UndefinedObject,
        psycopg.errors.DependentObjectsStillExist,
    ):
        return  # whoever needs it looks at what is there afterwards
