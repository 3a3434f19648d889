"""The two database roles the pipeline drops to: field ownership, enforced (DESIGN, "Field ownership").

`moss_jamf_reader` reads the contract and works in `jamf_sync`: captures, matches and plans are made under it, so
a dry run cannot write M.O.S.S. `moss_jamf_writer` applies plans. Its column privileges on the contract's views are
generated from the ownership table: a bug in a transform that tries to change an owned column ends in a privilege
error, not in lost data.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.dialects import Dialect
from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPES, object_type_named
from moss_jamf_pipeline.catalogue.ownership import OwnershipRule, declared_rules
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_value

READER: Final = "moss_jamf_reader"
WRITER: Final = "moss_jamf_writer"
ROLES: Final = (READER, WRITER)

# What the pipeline keeps of its own in M.O.S.S.: links, history, the last sync, values of custom fields, members.
_BOOKKEEPING_INSERTS: Final = {
    "integration_object_mappings": (
        *("integration_config_id", "external_type", "external_id", "internal_type"),
        *("internal_id", "last_synced_at", "sync_status", "external_data"),
    ),
    "integration_sync_history": (
        *("integration_config_id", "sync_started_at", "status", "sync_type"),
        "triggered_by_user_id",
    ),
    "custom_field_values": ("object_type", "object_id", "field_name", "value"),
    "group_device_members": ("group_id", "device_id"),
}
_BOOKKEEPING_UPDATES: Final = {
    "integration_object_mappings": (
        *("external_type", "external_id", "internal_id", "last_synced_at", "sync_status"),
        "external_data",
    ),
    "integration_sync_history": (
        *("status", "sync_completed_at", "items_processed", "items_created", "items_updated"),
        *("items_skipped", "items_failed", "error_message", "error_details", "duration_seconds"),
    ),
    "integration_configs": ("last_sync_at", "last_sync_status", "last_sync_error"),
    "custom_field_values": ("value",),
}
_BOOKKEEPING_DELETES: Final = ("group_device_members",)
# Written with the rights of the views' owner: by the contract's definer functions, and by commands of a person
# (`init`, `credentials set`).
_OWNER_INSERTS: Final = {
    "group_person_members": ("group_id", "person_id"),
    "integration_configs": (
        *("integration_type", "name", "is_enabled", "config", "sync_schedule"),
        *("auto_sync_enabled", "sync_settings"),
    ),
}
_OWNER_UPDATES: Final = {
    "integration_configs": ("is_enabled", "config"),
    "integration_credentials": ("credentials_encrypted",),
}
_OWNER_DELETES: Final = ("group_person_members", "integration_object_mappings")
# Nobody but the owner of the contract and the captures, which log in to JAMF, may read these.
_CREDENTIALS: Final = "integration_credentials"


@dataclass(frozen=True, slots=True)
class Privileges:
    """What a role may do to one view.

    Attributes:
        inserts: columns it may give a new row.
        updates: columns it may change.
        deletes: whether it may delete rows.
    """

    inserts: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    deletes: bool = False


def writer_privileges(
    rules: Iterable[OwnershipRule] | None = None,
) -> dict[str, Privileges]:
    """What the writing role may do, view by view, as the ownership table has it.

    A column is insertable if its rule writes it on create, and updatable only if JAMF may overwrite it. One that is
    only filled while empty is not updatable: `moss_contract.fill_empty` does that.

    Args:
        rules: the declared ones by default; an integration's overrides only ever narrow them.
    """
    granted = {
        view: Privileges(
            inserts=_BOOKKEEPING_INSERTS.get(view, ()),
            updates=_BOOKKEEPING_UPDATES.get(view, ()),
            deletes=view in _BOOKKEEPING_DELETES,
        )
        for view in {**_BOOKKEEPING_INSERTS, **_BOOKKEEPING_UPDATES}
    }
    declared = tuple(declared_rules() if rules is None else rules)
    for kind in OBJECT_TYPES:
        own = [rule for rule in declared if rule.object_type == kind.name and rule.is_column]
        if not own:
            continue
        granted[kind.relation] = Privileges(
            inserts=(*kind.identity, *(rule.field for rule in own if rule.on_create != "never")),
            updates=tuple(rule.field for rule in own if rule.on_update == "overwrite"),
        )
    return granted


def prepare_roles(connection: psycopg.Connection) -> None:
    """Creates the roles unless they are there, and lets this log-in take them on. In the caller's transaction.

    Raises:
        MossNotPrepared: this log-in may not do that; the message says what a database administrator has to run.
    """
    for role in _roles(connection):
        name = sql.Identifier(role["name"])
        if not role["is_there"]:
            _try(connection, sql.SQL("create role {} nologin").format(name))
        if not role["may_be_set"]:
            _try(connection, sql.SQL("grant {} to current_user").format(name))
    script = administrator_script(connection)
    if script is not None:
        raise MossNotPrepared(
            "The roles that the sync works under (moss_jamf_reader, moss_jamf_writer) are not there, or this log-in "
            "is no member of them, and it may not change that.",
            f"Let a database administrator run: {script} Then run `moss-jamf init` again.",
        )


def administrator_script(connection: psycopg.Connection) -> str | None:
    """The SQL that an administrator has to run so that this log-in can take on the roles; None if it can."""
    login = _quoted(str(fetch_value(connection, "roles/current_log_in")))
    steps = []
    for role in _roles(connection):
        if not role["is_there"]:
            steps.append(f"create role {role['name']} nologin;")
        if not role["may_be_set"]:
            steps.append(f"grant {role['name']} to {login};")
    return " ".join(steps) or None


def grant_privileges(connection: psycopg.Connection) -> None:
    """Gives both roles exactly what they need in this database.

    In the caller's transaction, by the owner of the contract. That was made anew: nothing granted earlier is left.
    """
    both = sql.SQL(", ").join(map(sql.Identifier, ROLES))
    for statement in (
        "grant usage on schema jamf_sync, moss_contract to {}",
        "grant select, insert, update, delete on all tables in schema jamf_sync to {}",
        "revoke insert, update, delete on jamf_sync.schema_migrations from {}",
        # A view acts with its owner's rights: writing it would go round the row-level security of the conflicts.
        "revoke insert, update, delete on jamf_sync.decisions from {}",
        "grant usage on all sequences in schema jamf_sync to {}",
        "grant execute on all functions in schema jamf_sync to {}",
        "grant select on all tables in schema moss_contract to {}",
    ):
        connection.execute(sql.SQL(statement).format(both))
    for role in _roles(connection):
        if not role["has_temporary"]:
            _grant_temporary(connection, role["name"])
    writer, reader = sql.Identifier(WRITER), sql.Identifier(READER)
    connection.execute(
        sql.SQL("revoke all on {} from {}").format(_view(_CREDENTIALS), writer),
    )
    for statement, role_name in (
        ("grant execute on function moss_contract.active_encryption_key to {}", reader),
        ("grant execute on function moss_contract.fill_empty to {}", writer),
        ("grant execute on function moss_contract.add_person_to_group to {}", writer),
        ("grant execute on function moss_contract.remove_person_from_group to {}", writer),
        ("grant execute on function moss_contract.write_decided to {}", writer),
        ("grant execute on function moss_contract.carry_out_decisions to {}", writer),
        ("grant execute on function moss_contract.restore_owned to {}", writer),
        ("grant execute on function moss_contract.delete_link to {}", writer),
        ("grant execute on function moss_contract.delete_created to {}", writer),
    ):
        connection.execute(sql.SQL(statement).format(role_name))
    for view, privileges in writer_privileges().items():
        for verb, columns in (("insert", privileges.inserts), ("update", privileges.updates)):
            if columns:
                connection.execute(
                    sql.SQL("grant {} ({}) on {} to {}").format(
                        sql.SQL(verb),
                        sql.SQL(", ").join(map(sql.Identifier, columns)),
                        _view(view),
                        writer,
                    )
                )
        if privileges.deletes:
            connection.execute(sql.SQL("grant delete on {} to {}").format(_view(view), writer))


@dataclass(frozen=True, slots=True)
class MissingPrivileges:
    """What a role lacks.

    Attributes:
        what: the privileges, in words.
        remedy: the statements that grant them.
    """

    what: str
    remedy: str


def missing_table_privileges(
    connection: psycopg.Connection, dialect: Dialect
) -> MissingPrivileges | None:
    """What the contract's owner lacks on M.O.S.S.'s own tables; the views act with its rights.

    Args:
        connection: any.
        dialect: which M.O.S.S. it is.
    """
    owner = str(fetch_value(connection, "roles/view_owner"))
    return _missing(connection, _wanted_on_tables(dialect, owner))


def missing_contract_privileges(connection: psycopg.Connection) -> MissingPrivileges | None:
    """What the two roles lack on the contract; `moss-jamf init` grants it."""
    wanted = [
        _want(WRITER, f"moss_contract.{view}", verb, column)
        for view, privileges in writer_privileges().items()
        for verb, columns in (("INSERT", privileges.inserts), ("UPDATE", privileges.updates))
        for column in columns
    ]
    views = fetch_all(connection, "catalogue/contract_views")
    wanted += [
        _want(role, f"moss_contract.{view['name']}", "SELECT")
        for view in views
        for role in ROLES
        if not (role == WRITER and view["name"] == _CREDENTIALS)
    ]
    return _missing(connection, wanted)


@contextmanager
def writing(connection: psycopg.Connection) -> Iterator[None]:
    """A transaction under the writing role: the only way in which the pipeline writes M.O.S.S.

    The role that was in force before is back afterwards, also where the transaction is a savepoint of another.

    Raises:
        MossNotPrepared: this log-in cannot take on the role.
    """
    with connection.transaction():
        before = connection.execute("select current_setting('role')").fetchone()
        take_on(connection, WRITER, for_transaction=True)
        yield
        if before is not None:
            connection.execute(
                sql.SQL("set local role {}").format(sql.Identifier(before[0]))
                if before[0] != "none"
                else sql.SQL("set local role none")
            )


def take_on(connection: psycopg.Connection, role: str, *, for_transaction: bool = False) -> None:
    """SET ROLE.

    Raises:
        MossNotPrepared: the role is not there, or this log-in is no member of it.
    """
    scope = sql.SQL("local ") if for_transaction else sql.SQL("")
    try:
        connection.execute(sql.SQL("set {}role {}").format(scope, sql.Identifier(role)))
    except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
        raise MossNotPrepared(
            f"This log-in cannot take on the role {role}, under which the sync works: {error.diag.message_primary}.",
            "Run `moss-jamf init`; if it may not create roles, it says what a database administrator has to run.",
        ) from error


def _roles(connection: psycopg.Connection) -> list[Row]:
    return fetch_all(connection, "roles/roles", {"names": list(ROLES)})


def _try(connection: psycopg.Connection, statement: sql.Composed) -> None:
    """Runs what this log-in may not be allowed to do, or what another process did a moment ago."""
    try:
        with connection.transaction():
            connection.execute(statement)
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.DuplicateObject,
        psycopg.errors.UniqueViolation,
    ):
        return  # `administrator_script` looks at what is there now


def _grant_temporary(connection: psycopg.Connection, role: str) -> None:
    database = connection.info.dbname
    statement = sql.SQL("grant temporary on database {} to {}").format(
        sql.Identifier(database), sql.Identifier(role)
    )
    try:
        with connection.transaction():
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise MossNotPrepared(
            f"The role {role} may not create temporary tables in the database {database}.",
            f"Let its owner run: {statement.as_string(connection)}; Then run `moss-jamf init` again.",
        ) from error


def _view(name: str) -> sql.Identifier:
    return sql.Identifier("moss_contract", name)


def _want(role: str, relation: str, privilege: str, column: str | None = None) -> dict[str, object]:
    return {"role": role, "relation": relation, "column": column, "privilege": privilege}


def _wanted_on_tables(dialect: Dialect, owner: str) -> list[dict[str, object]]:
    wanted = [
        _want(owner, f"public.{table}", "SELECT", column)
        for table, columns in dialect.tables().items()
        for column in columns
    ]
    fills: dict[str, list[str]] = {}
    for rule in declared_rules():
        if rule.on_update == "fill" and rule.is_column:
            fills.setdefault(object_type_named(rule.object_type).relation, []).append(rule.field)
    granted = writer_privileges()
    for view, sources in dialect.relations.items():
        privileges = granted.get(view, Privileges())
        inserts = (*privileges.inserts, *_OWNER_INSERTS.get(view, ()))
        updates = (*privileges.updates, *fills.get(view, ()), *_OWNER_UPDATES.get(view, ()))
        for source in (known for known in sources if known.is_of_moss):
            wanted += [
                _want(owner, source.table, verb, source.columns[column])
                for verb, columns in (("INSERT", inserts), ("UPDATE", updates))
                for column in columns
                if column in source.columns
            ]
            if privileges.deletes or view in _OWNER_DELETES:
                wanted.append(_want(owner, source.table, "DELETE"))
    return wanted


def _missing(
    connection: psycopg.Connection, wanted: list[dict[str, object]]
) -> MissingPrivileges | None:
    rows = fetch_all(connection, "roles/missing_privileges", {"wanted": Jsonb(wanted)})
    if not rows:
        return None
    lacking: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in rows:
        verbs = lacking.setdefault((row["role"], row["relation"]), {})
        verbs.setdefault(row["privilege"], []).extend([row["column"]] if row["column"] else [])
    return MissingPrivileges(
        what="; ".join(
            f"{role} lacks {' and '.join(_words(verbs))} on {relation}"
            for (role, relation), verbs in lacking.items()
        ),
        remedy=" ".join(
            f"grant {', '.join(_words(verbs))} on {relation} to {_quoted(role)};"
            for (role, relation), verbs in lacking.items()
        ),
    )


def _words(verbs: Mapping[str, list[str]]) -> list[str]:
    return [
        f"{verb.lower()} ({', '.join(columns)})" if columns else verb.lower()
        for verb, columns in verbs.items()
    ]


def _quoted(role: str) -> str:
    return sql.Identifier(role).as_string()
