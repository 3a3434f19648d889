"""Brings a database to what the pipeline needs: schema `jamf_sync`, the contract, the roles; M.O.S.S. if embedded."""

from dataclasses import dataclass

import psycopg

from moss_jamf_pipeline.catalogue.dialects import STRATEGY, Dialect
from moss_jamf_pipeline.catalogue.vocabularies import vocabularies_version
from moss_jamf_pipeline.moss.contract.dialects import detect
from moss_jamf_pipeline.moss.contract.installation import forget_installation
from moss_jamf_pipeline.moss.contract.rights import grant_for_init
from moss_jamf_pipeline.moss.contract.roles import (
    former_roles,
    grant_on_our_schemas,
    move_from_former_roles,
    names_for,
)
from moss_jamf_pipeline.moss.errors import MossAbsent, MossNotPrepared
from moss_jamf_pipeline.moss.statements import statement
from moss_jamf_pipeline.settings import project_file

_LOCK = "select pg_advisory_xact_lock(hashtextextended('moss_jamf_pipeline schema', 0))"
_VOCABULARIES = "generated/vocabularies"
_VERSIONS = """
create schema if not exists jamf_sync;
create table if not exists jamf_sync.schema_migrations (
  name text primary key,
  applied_at timestamptz not null default now()
)
"""


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """What `prepare` found and did.

    Attributes:
        dialect: which M.O.S.S. the contract now stands on.
        migrations: the migrations of `jamf_sync` applied just now.
        created_moss: whether the strategy's M.O.S.S. tables were created.
        left_behind: log-ins that could take on the former roles, which another database uses as well, and were given
            none of this one's.
    """

    dialect: Dialect
    migrations: tuple[str, ...]
    created_moss: bool
    left_behind: tuple[str, ...] = ()


def pending_migrations(connection: psycopg.Connection) -> list[str]:
    """The migrations of `jamf_sync` this database has not had, in order."""
    known: set[str] = set()
    table = connection.execute("select to_regclass('jamf_sync.schema_migrations')").fetchone()
    if table is not None and table[0] is not None:
        known = {
            name for (name,) in connection.execute("select name from jamf_sync.schema_migrations")
        }
    files = sorted(project_file("sql/migrations").glob("*.sql"))
    return [file.stem for file in files if file.stem not in known]


def pending_changes(connection: psycopg.Connection) -> list[str]:
    """What `prepare` would bring to `jamf_sync`: migrations, and the catalogue's lists of words if they are others."""
    pending = pending_migrations(connection)
    return pending if _has_our_words(connection) else [*pending, _VOCABULARIES]


def require_our_words(connection: psycopg.Connection) -> None:
    """Ends a run on a database that another version's `init` prepared: it would not see the fields of this one.

    Raises:
        MossNotPrepared: the database has other lists of words than the catalogue.
    """
    if not _has_our_words(connection):
        raise MossNotPrepared(
            "The database has the fields and words of another version of the pipeline.",
            "Run `moss-jamf init`.",
        )


def _has_our_words(connection: psycopg.Connection) -> bool:
    try:
        # As a savepoint inside a transaction: whoever asks can go on with it.
        with connection.transaction():
            stored = connection.execute("select jamf_sync.vocabularies_version()").fetchone()
    except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
        return False
    return stored is not None and stored[0] == vocabularies_version()


def prepare(connection: psycopg.Connection, *, may_create_moss: bool) -> SchemaReport:
    """Creates or updates `jamf_sync`, the contract and the roles, in one transaction. Safe to run again.

    Args:
        connection: one with the right to create schemas and, the first time on a server, roles.
        may_create_moss: whether an empty database may get the strategy's M.O.S.S. tables (the embedded one may).

    Raises:
        MossNotPrepared: the database holds no M.O.S.S. the contract knows, or a privilege is missing; nothing was done.
    """
    with connection.transaction():
        # Two processes that start together prepare one after the other.
        connection.execute(_LOCK)
        found = detect(connection)
        created_moss = may_create_moss and found.is_empty
        if created_moss:
            connection.execute(statement("moss/create_strategy_schema"))
        elif not found.is_usable:
            kind = MossAbsent if found.is_empty else MossNotPrepared
            raise kind(found.what_is_missing(), found.remedy())
        dialect = STRATEGY if created_moss else found.dialect
        if may_create_moss and dialect is STRATEGY:
            connection.execute(statement("contract/custom_fields", dialect.name))
        grant_for_init(connection, dialect)
        connection.execute(_VERSIONS)
        connection.execute(statement(_VOCABULARIES))
        migrations = pending_migrations(connection)
        for name in migrations:
            connection.execute(statement(f"migrations/{name}"))
            connection.execute(
                "insert into jamf_sync.schema_migrations (name) values (%s)", (name,)
            )
        left_behind = _install_contract(connection, dialect)
        connection.execute(statement("generated/comments"))
    return SchemaReport(dialect, tuple(migrations), created_moss, left_behind)


def require_rights(connection: psycopg.Connection) -> None:
    """Says what this log-in lacks to prepare a database that holds a M.O.S.S.; changes nothing.

    Raises:
        MossNotPrepared: something that it may not give itself; the message says what an administrator has to run.
    """
    found = detect(connection)
    if found.is_usable:
        with connection.transaction(force_rollback=True):
            grant_for_init(connection, found.dialect)


def _install_contract(connection: psycopg.Connection, dialect: Dialect) -> tuple[str, ...]:
    former = former_roles(connection)
    for name in (
        "contract/create_contract",
        "contract/relations",
        "contract/words",
        "contract/jamf_servers",
        "contract/successors",
        "contract/encryption_keys",
        "contract/current_values",
        "contract/ledger",
        "contract/group_members",
        "contract/fill_empty",
        "contract/follow_default",
        "contract/overwrite_interfaces",
        "contract/renew_attribute_fields",
        "contract/write_decided",
        "contract/undo",
    ):
        connection.execute(statement(name, dialect.name))
    names = names_for(connection)
    connection.execute(
        statement("contract/record_installation"),
        {"dialect": dialect.name, "reader": names.reader, "writer": names.writer},
    )
    forget_installation(connection)
    grant_on_our_schemas(connection, names.reader, names.writer)
    return move_from_former_roles(connection, former, names.reader, names.writer)
