"""M.O.S.S. databases that one test after the other uses, with sessions that know them.

A session that is new to a database reads the catalogues anew, and a new database must be copied first: two thirds of
what PostgreSQL does for a short test. So what a test leaves is put back as it was: its rows, its sequences, its
sessions' settings. A database is dropped instead as soon as anything else of it has changed (a table, a right, a
setting), somebody is still connected to it, or it cannot be told.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import psycopg
from psycopg import sql

from moss_jamf_pipeline.moss.database import MossDatabase
from tests.support.databases import DatabaseServer
from tests.support.dialects import Dialect, as_people_see_it

_USES: Final = 60
"""After so many tests a database goes: what was deleted takes room, and what was counted of its tables is of before."""

_TEMPORARY: Final = "(select oid from pg_namespace where nspname ~ '^pg_(toast_)?temp_')"
_KEPT_RELATIONS: Final = f"(select oid from pg_class where relnamespace not in {_TEMPORARY})"
# What a database is, but for its rows. Temporary tables are their session's.
_CATALOGUES: Final = {
    "pg_class": f"relnamespace not in {_TEMPORARY}",
    "pg_attribute": f"attrelid in {_KEPT_RELATIONS}",
    "pg_attrdef": f"adrelid in {_KEPT_RELATIONS}",
    "pg_index": f"indrelid in {_KEPT_RELATIONS}",
    "pg_constraint": f"connamespace not in {_TEMPORARY}",
    "pg_type": f"typnamespace not in {_TEMPORARY}",
    "pg_namespace": f"oid not in {_TEMPORARY}",
    **dict.fromkeys(
        (
            *("pg_proc", "pg_aggregate", "pg_operator", "pg_cast", "pg_collation", "pg_language"),
            *("pg_trigger", "pg_event_trigger", "pg_rewrite", "pg_policy", "pg_default_acl"),
            *("pg_extension", "pg_enum", "pg_sequence", "pg_statistic_ext", "pg_publication"),
            *("pg_description", "pg_seclabel", "pg_largeobject_metadata"),
        ),
        "true",
    ),
}
# Roles are the server's: other workers make theirs on it.
_SETTINGS: Final = """
select array(select setconfig::text || setrole from pg_db_role_setting
             where setdatabase = (select oid from pg_database where datname = current_database())
             order by 1),
       (select datacl::text || datdba || datallowconn || datconnlimit from pg_database
        where datname = current_database())"""
# Another role or setting, a lock or a temporary table that a test left in a session.
_SESSION: Final = """
select md5(string_agg(name || '=' || setting, ',' order by name)) from pg_settings
where source = 'session' or name = 'role'"""
_LEFT_IN_A_SESSION: Final = """
select exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory')
    or exists (select from pg_class where relnamespace = pg_my_temp_schema())
    or exists (select from pg_prepared_statements where name !~ '^_pg3_')
    or exists (select from pg_cursors where is_holdable)
    or exists (select from pg_listening_channels())"""
_OTHERS: Final = """
select count(*) from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and pid <> all (%s)"""


@dataclass
class PreparedMoss:
    """A M.O.S.S. database, ready to be synced.

    Attributes:
        name: of the database.
        url: of it, with its password.
        database: it, as the product sees it.
        people: the same as people see it; statements without a schema are in the strategy's names.
    """

    name: str
    url: str
    database: MossDatabase = field(init=False)
    people: MossDatabase = field(init=False)
    uses: int = 0

    def __post_init__(self) -> None:
        self.database = MossDatabase(self.url)
        self.people = MossDatabase(as_people_see_it(self.url))

    @cached_property
    def caretaker(self) -> psycopg.Connection:
        """A session that puts everything back."""
        return psycopg.connect(self.url, autocommit=True)

    @cached_property
    def catalogues(self) -> list[tuple[Any, ...]]:
        """The database, but for its rows, when it was new."""
        return _catalogues(self.caretaker)

    @cached_property
    def sessions(self) -> dict[MossDatabase, str]:
        """The settings of the sessions of each of the two."""
        return {database: _settings_of(database) for database in (self.database, self.people)}

    def dispose(self) -> None:
        """Closes every session of ours."""
        self.database.dispose()
        self.people.dispose()
        self.caretaker.close()


class Shelf:
    """Prepared databases that no test uses at the moment.

    Args:
        server: where they are.
        template_of: names the database of a dialect to be cloned.
    """

    def __init__(self, server: DatabaseServer, template_of: Callable[[Dialect], str]) -> None:
        self._server = server
        self._template_of = template_of
        self._free: dict[str, list[PreparedMoss]] = defaultdict(list)
        self._pristine: dict[str, _Rows] = {}
        self._taken: dict[str, PreparedMoss] = {}

    def take(self, dialect: Dialect) -> PreparedMoss:
        """A database as a new one is; the caller gives it back."""
        free = self._free[dialect.name]
        moss = free.pop() if free else self._new(dialect)
        moss.uses += 1
        self._taken[moss.url] = moss
        return moss

    def taken(self, url: str) -> PreparedMoss | None:
        """The database in use that has this URL, if it is one of these."""
        return self._taken.get(url)

    def give_back(self, moss: PreparedMoss, dialect: Dialect) -> None:
        """Puts a database back as it was; drops it where that cannot be done."""
        del self._taken[moss.url]
        if moss.uses < _USES and self._is_put_back(moss, self._pristine[dialect.name]):
            self._free[dialect.name].append(moss)
        else:
            self._drop(moss)

    def clear(self) -> None:
        """Drops them all."""
        for moss in [
            *self._taken.values(),
            *(moss for free in self._free.values() for moss in free),
        ]:
            self._drop(moss)

    def _new(self, dialect: Dialect) -> PreparedMoss:
        name = self._server.create("moss", template=self._template_of(dialect))
        moss = PreparedMoss(name, self._server.url_of(name))
        if dialect.name not in self._pristine:
            self._pristine[dialect.name] = _Rows.of(moss.caretaker)
        assert moss.catalogues
        assert moss.sessions
        return moss

    def _drop(self, moss: PreparedMoss) -> None:
        moss.dispose()
        self._server.drop(moss.name)

    @staticmethod
    def _is_put_back(moss: PreparedMoss, rows: "_Rows") -> bool:
        with suppress(psycopg.Error):
            caretaker = moss.caretaker
            known = [caretaker.info.backend_pid]
            for database, settings in moss.sessions.items():
                known += _kept_sessions(database, settings)
                # What it had found out of the database is not true of the next one's.
                database._is_ready = False
            others = caretaker.execute(_OTHERS, [known]).fetchall()
            if others == [(0,)] and _catalogues(caretaker) == moss.catalogues:
                rows.put_back(caretaker)
                return True
        return False


@dataclass(frozen=True)
class _Rows:
    """What the tables of a new database hold.

    Attributes:
        filled: statement that yields a fingerprint of the tables that hold something.
        fingerprint: what it yields.
        refill: empties those tables and fills them again.
        reset: empties all others, and sets every sequence.
    """

    filled: bytes
    fingerprint: list[tuple[Any, ...]]
    refill: bytes
    reset: bytes

    @classmethod
    def of(cls, connection: psycopg.Connection) -> "_Rows":
        tables = connection.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
            " order by 1, 2"
        ).fetchall()
        names = [sql.Identifier(*table) for table in tables]
        filled: list[sql.Identifier] = []
        empty: list[sql.Identifier] = []
        for name in names:
            is_filled = connection.execute(
                sql.SQL("select exists (select from {})").format(name)
            ).fetchall()[0][0]
            (filled if is_filled else empty).append(name)
        looks: list[sql.Composable] = [
            sql.SQL("(select md5(string_agg(t::text, ';' order by t::text)) from {} t)").format(
                name
            )
            for name in filled
        ]
        look = sql.SQL("select {}").format(sql.SQL(", ").join(looks))
        refill: list[sql.Composable] = [_emptied(name) for name in filled]
        refill += [_filled(connection, name) for name in filled]
        reset: list[sql.Composable] = [_emptied(name) for name in empty]
        reset += _sequences(connection)
        return cls(
            look.as_bytes(connection),
            connection.execute(look).fetchall(),
            sql.SQL("; ").join(refill).as_bytes(connection),
            sql.SQL("; ").join(reset).as_bytes(connection),
        )

    def put_back(self, caretaker: psycopg.Connection) -> None:
        with caretaker.transaction():
            # No trigger and no foreign key: nothing happens in M.O.S.S., it becomes what it was.
            caretaker.execute(
                "set local session_replication_role = replica; set local lock_timeout = '5s'"
            )
            caretaker.execute(self.reset)
            if caretaker.execute(self.filled).fetchall() != self.fingerprint:
                caretaker.execute(self.refill)
                assert caretaker.execute(self.filled).fetchall() == self.fingerprint


def _emptied(table: sql.Identifier) -> sql.Composed:
    return sql.SQL("delete from {}").format(table)


def _filled(connection: psycopg.Connection, table: sql.Identifier) -> sql.Composed:
    """A statement that inserts the rows that a table has now."""
    columns = [
        sql.Identifier(name)
        for (name,) in connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
            " and not attisdropped and attgenerated = '' order by attnum",
            [table.as_string(connection)],
        ).fetchall()
    ]
    rows = connection.execute(
        sql.SQL("select json_agg(t)::text from {} t").format(table)
    ).fetchall()
    return sql.SQL(
        "insert into {table} ({columns}) overriding system value"
        " select {columns} from json_populate_recordset(null::{table}, {rows})"
    ).format(table=table, columns=sql.SQL(", ").join(columns), rows=sql.Literal(rows[0][0]))


def _sequences(connection: psycopg.Connection) -> list[sql.Composed]:
    found = connection.execute(
        "select schemaname, sequencename, coalesce(last_value, start_value), last_value is not null"
        " from pg_sequences"
    ).fetchall()
    return [
        sql.SQL("select setval({}, {}, {})").format(
            sql.Literal(sql.Identifier(schema, name).as_string(connection)), value, is_called
        )
        for schema, name, value, is_called in found
    ]


def _catalogues(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Every change of a catalogue's row makes another version of it."""
    versions = ", ".join(
        f"(select count(*) || ' ' || max(xmin::text::bigint) from {name} where {kept})"
        for name, kept in _CATALOGUES.items()
    )
    return [
        *connection.execute(f"select {versions}".encode()).fetchall(),
        *connection.execute(_SETTINGS).fetchall(),
    ]


def _settings_of(database: MossDatabase) -> str:
    with database.connection() as connection:
        settings = connection.execute(_SESSION).fetchall()[0][0]
    assert isinstance(settings, str)
    return settings


def _kept_sessions(database: MossDatabase, settings: str) -> list[int]:
    """The processes of a pool's sessions, without those in which a test left something: these are ended."""
    pool = database._pool
    kept: list[int] = []
    if pool is not None:
        with ExitStack() as stack:
            for _ in range(pool.get_stats().get("pool_size", 0)):
                connection = stack.enter_context(database.connection())
                found = connection.execute(_SESSION).fetchall()
                left = connection.execute(_LEFT_IN_A_SESSION).fetchall()
                if found == [(settings,)] and left == [(False,)]:
                    kept.append(connection.info.backend_pid)
                else:
                    connection.close()
    return kept
