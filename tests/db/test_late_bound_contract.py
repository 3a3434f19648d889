"""Nothing of ours stands in the way of M.O.S.S.'s own migrations, and what they change is used by the next sync."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.catalogue.contract import RELATIONS
from moss_jamf_pipeline.catalogue.dialects import DIALECT_BY_NAME
from moss_jamf_pipeline.moss.contract.dialects import detect
from moss_jamf_pipeline.moss.contract.installation import READER, installation
from moss_jamf_pipeline.moss.contract.rights import lacking_for_sync
from moss_jamf_pipeline.moss.contract.schema import prepare
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.integration.integrations import create_integration, find_integration
from moss_jamf_pipeline.moss.statements import statement
from tests.db.support import Bench
from tests.support.contract import as_role
from tests.support.databases import DatabaseServer
from tests.support.dialects import RELEASE, Dialect, as_people_see_it
from tests.support.former_contract import SHARED_ROLES, install_former_contract
from tests.support.schema import create_released_tables

pytestmark = pytest.mark.every_dialect

MakeDatabase = Callable[[], str]

# What M.O.S.S. may make of a type without more ado.
_WIDER = {
    "uuid": "uuid",
    "text": "varchar(20000)",
    "boolean": "boolean",
    "integer": "bigint",
    "jsonb": "jsonb",
    "numeric": "numeric(20, 4)",
    "timestamp with time zone": "timestamptz(3)",
}


def _create_moss(connection: psycopg.Connection, dialect: Dialect) -> None:
    if dialect is RELEASE:
        create_released_tables(connection)
    else:
        connection.execute(statement("moss/create_strategy_schema"))


@pytest.fixture
def moss_url(empty_database: MakeDatabase) -> str:
    """URL of the database of `moss`."""
    return empty_database()


@pytest.fixture
def moss(moss_url: str, dialect: Dialect) -> Iterator[MossDatabase]:
    """A prepared M.O.S.S. with an integration, and nothing in it that only tests need."""
    # What the tests themselves say names no schema.
    database = MossDatabase(as_people_see_it(moss_url))
    with database.connection() as connection:
        _create_moss(connection, dialect)
        prepare(connection, may_create_moss=False)
        create_integration(connection, "JAMF Pro", base_url=None)
    yield database
    database.dispose()


def _sync(database: MossDatabase, dialect: Dialect, *hostnames: str) -> None:
    """Syncs a JAMF whose Macs have these names, each with a user, a building, a room, an interface and a group."""
    with database.reading() as connection:
        bench = Bench(connection, find_integration(connection), dialect)
        bench.building("1", "Headquarters")
        bench.computer_group("9", "Everybody")
        for number, hostname in enumerate(hostnames, start=1):
            bench.user(str(number), username=f"user{number}", email=f"user{number}@example.org")
            bench.computer(
                *(str(number), f"C02LATE{number}"),
                hostname=hostname,
                username=f"user{number}",
                building_id="1",
                room=f"Room {number}",
                mac_address=f"AC:BB:CC:00:00:0{number}",
                asset_tag=f"IT-{number}",
                static_group_ids=["9"],
            )
        bench.sync()


def _hostnames(connection: psycopg.Connection, table: str = "moss_contract.devices()") -> list[str]:
    return [
        name for (name,) in connection.execute(f"select hostname from {table} order by 1".encode())
    ]


def _our_functions(connection: psycopg.Connection) -> list[str]:
    return [
        name
        for (name,) in connection.execute(
            """select oid::regprocedure::text from pg_proc
               where pronamespace in ('jamf_sync'::regnamespace, 'moss_contract'::regnamespace) order by 1"""
        )
    ]


def _used(dialect: Dialect) -> dict[str, frozenset[str]]:
    return DIALECT_BY_NAME[dialect.name].tables()


def test_no_object_of_ours_depends_on_one_of_moss(moss: MossDatabase) -> None:
    with moss.connection() as connection:
        dependencies = connection.execute(
            """select ours.identity, theirs.identity
               from pg_depend as dependency
               cross join lateral pg_identify_object(dependency.classid, dependency.objid, dependency.objsubid) as ours
               cross join lateral pg_identify_object(
                 dependency.refclassid, dependency.refobjid, dependency.refobjsubid) as theirs
               where dependency.deptype <> 'i' and ours.identity ~ '(jamf_sync|moss_contract)\\.'
                 and theirs.schema = 'public'"""
        ).fetchall()
        triggers = connection.execute(
            """select tgname from pg_trigger join pg_class on pg_class.oid = tgrelid
               where relnamespace = 'public'::regnamespace
                 and tgfoid::regproc::text ~ '^(jamf_sync|moss_contract)\\.'"""
        ).fetchall()
    assert dependencies == []
    assert triggers == []


def test_moss_alters_the_type_of_every_column_that_is_used(
    moss: MossDatabase, dialect: Dialect
) -> None:
    _sync(moss, dialect, "before")
    with moss.connection() as connection:
        for table, columns in _used(dialect).items():
            for column in sorted(columns):
                row = connection.execute(
                    """select format_type(atttypid, null) from pg_attribute
                       where attrelid = to_regclass(%s) and attname = %s""",
                    (f"public.{table}", column),
                ).fetchone()
                assert row is not None
                wider = "text" if row[0] == "character varying" else _WIDER[row[0]]
                connection.execute(
                    sql.SQL("alter table {} alter column {} type {}").format(
                        sql.Identifier("public", table), sql.Identifier(column), sql.SQL(wider)
                    )
                )
    _sync(moss, dialect, "after", "new")
    with moss.connection() as connection:
        assert _hostnames(connection) == ["after", "new"]
        assert lacking_for_sync(connection) is None


def test_moss_drops_every_table_and_column_that_is_not_used(
    moss: MossDatabase, dialect: Dialect
) -> None:
    _sync(moss, dialect, "before")
    used = _used(dialect)
    with moss.connection() as connection:
        ours = _our_functions(connection)
        # M.O.S.S.'s own triggers need what goes here.
        for table, trigger in connection.execute(
            """select relname, tgname from pg_trigger join pg_class on pg_class.oid = tgrelid
               where relnamespace = 'public'::regnamespace and not tgisinternal"""
        ).fetchall():
            connection.execute(
                sql.SQL("drop trigger {} on {}").format(
                    sql.Identifier(trigger), sql.Identifier("public", table)
                )
            )
        for (table,) in connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
        ).fetchall():
            name = sql.Identifier("public", table)
            if table not in used:
                connection.execute(sql.SQL("drop table {} cascade").format(name))
                continue
            for (column,) in connection.execute(
                """select attname::text from pg_attribute
                   where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped""",
                (f"public.{table}",),
            ).fetchall():
                if column not in used[table]:
                    connection.execute(
                        sql.SQL("alter table {} drop column {} cascade").format(
                            name, sql.Identifier(column)
                        )
                    )
        assert _our_functions(connection) == ours
        assert detect(connection).missing == ()
    _sync(moss, dialect, "after", "new")
    with moss.connection() as connection:
        assert _hostnames(connection) == ["after", "new"]


def test_a_table_that_moss_put_in_the_place_of_another_is_used_by_the_next_sync(
    moss: MossDatabase, moss_url: str, dialect: Dialect
) -> None:
    _sync(moss, dialect, "before")
    with moss.connection() as connection:
        for table in _used(dialect):
            _replace(connection, table)
        assert _hostnames(connection) == ["before"]
    # Another process: its first step gives the roles the rights that they had on the old tables.
    next_run = MossDatabase(moss_url)
    try:
        _sync(next_run, dialect, "after", "new")
    finally:
        next_run.dispose()
    with moss.connection() as connection:
        assert _hostnames(connection, "public.devices") == ["after", "new"]
        assert _hostnames(connection, "public.former_devices") == ["before"]


def _replace(connection: psycopg.Connection, table: str) -> None:
    """Renames a table and puts a new one in its place: with the same rows, and referred to as the old one was."""
    former, new = sql.Identifier("public", f"former_{table}"), sql.Identifier("public", table)
    foreign_keys = connection.execute(
        """select conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) from pg_constraint
           where contype = 'f' and to_regclass(%s) in (conrelid, confrelid)""",
        (f"public.{table}",),
    ).fetchall()
    connection.execute(
        sql.SQL("alter table {} rename to {}").format(new, sql.Identifier(f"former_{table}"))
    )
    connection.execute(sql.SQL("create table {} (like {} including all)").format(new, former))
    connection.execute(sql.SQL("insert into {} select * from {}").format(new, former))
    for referrer, name, definition in foreign_keys:
        constraint = sql.Identifier(name)
        holder = former if referrer == table else sql.Identifier("public", referrer)
        connection.execute(sql.SQL("alter table {} drop constraint {}").format(holder, constraint))
        connection.execute(
            sql.SQL("alter table {} add constraint {} {}").format(
                *(sql.Identifier("public", referrer), constraint, sql.SQL(definition))
            )
        )


@pytest.mark.parametrize("relation", sorted(RELATIONS))
def test_a_relation_is_written_into_the_statement_that_reads_it(
    relation: str, rolled_back: psycopg.Connection
) -> None:
    statement = sql.SQL("explain (costs off) select * from {}()").format(
        sql.Identifier("moss_contract", relation)
    )
    with as_role(rolled_back, READER) as connection:
        plan = _plan(connection, statement)
    assert "Function Scan" not in plan
    assert "moss_contract" not in plan


@pytest.mark.parametrize(
    ("reading", "condition"),
    [
        ("moss_contract.devices() where id = %s", "id = "),
        ("moss_contract.devices() where serial_number = %s::text", "serial_number"),
        ("moss_contract.device_values() where id = %s", "id = "),
        ("moss_contract.object_values() where object_type = 'device' and id = %s", "id = "),
        ("moss_contract.person_values() where id = %s", "id = "),
    ],
)
def test_an_index_of_moss_serves_what_is_read_through_the_contract(
    reading: str, condition: str, rolled_back: psycopg.Connection
) -> None:
    statement = sql.SQL("explain (costs off) select * from {}").format(
        sql.SQL(reading.replace("%s", "'00000000-0000-0000-0000-000000000001'"))
    )
    with as_role(rolled_back, READER) as connection:
        connection.execute("set local enable_seqscan = off")
        plan = _plan(connection, statement)
    assert "Function Scan" not in plan
    assert any("Index Cond" in line and condition in line for line in plan.splitlines()), plan


@pytest.mark.dialects("release")
def test_the_index_on_host_names_serves_a_look_up_by_host_name(
    rolled_back: psycopg.Connection,
) -> None:
    statement = sql.SQL(
        "explain (costs off) select * from moss_contract.devices() where hostname = 'mac'"
    )
    with as_role(rolled_back, READER) as connection:
        connection.execute("set local enable_seqscan = off")
        plan = _plan(connection, statement.format())
    assert "devices_hostname" in plan
    assert "Index Cond" in plan


def _plan(connection: psycopg.Connection, statement: sql.Composed) -> str:
    return "\n".join(line for (line,) in connection.execute(statement))


def test_every_column_that_is_used_is_missed_by_its_name(
    empty_database: MakeDatabase, dialect: Dialect
) -> None:
    with psycopg.connect(empty_database(), autocommit=True) as connection:
        _create_moss(connection, dialect)
        for table, columns in _used(dialect).items():
            for column in columns - {DIALECT_BY_NAME[dialect.name].marker[1]}:
                with connection.transaction(force_rollback=True):
                    connection.execute(
                        sql.SQL("alter table {} drop column {} cascade").format(
                            sql.Identifier("public", table), sql.Identifier(column)
                        )
                    )
                    assert detect(connection).missing == (f"{table}.{column}",)


def test_a_run_says_which_column_moss_no_longer_has_before_it_does_anything(
    moss: MossDatabase, dialect: Dialect
) -> None:
    with moss.connection() as connection:
        connection.execute("alter table devices rename column asset_tag to asset_label")
    with pytest.raises(MossNotPrepared, match=r"lacks devices\.asset_tag\."), moss.reading():
        pass
    with moss.connection() as connection:
        connection.execute("alter table devices rename column asset_label to asset_tag")
    _sync(moss, dialect, "mac")


# The upgrade from the contract of views ---------------------------------------------------------------------------


def test_init_moves_a_database_over_from_the_contract_of_views(
    empty_database: MakeDatabase, dialect: Dialect
) -> None:
    first, second = empty_database(), empty_database()
    for url in (first, second):
        with psycopg.connect(url, autocommit=True) as connection:
            _create_moss(connection, dialect)
            install_former_contract(connection, dialect.name)
            connection.execute(
                "insert into integration_configs (integration_type, name, is_enabled) values ('jamf', 'JAMF Pro', true)"
            )
            connection.execute(
                "insert into devices (serial_number, hostname, device_type) values ('C02LATE1', 'before', %s)",
                (dialect.laptop,),
            )
            _capture(connection)
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="used by a view"):
                connection.execute("alter table devices alter column hostname type text")
    member = f"moss_sync_{first.rpartition('/')[2]}"
    with psycopg.connect(first, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} in role {}").format(
                sql.Identifier(member), sql.Identifier(SHARED_ROLES[1])
            )
        )
        report = prepare(connection, may_create_moss=False)
        # It may be the log-in of the other database, which still has these roles.
        assert report.left_behind == (member,)
        writer = installation(connection).writer
        assert connection.execute(
            "select pg_has_role(%s, %s, 'MEMBER')", (member, writer)
        ).fetchone() == (False,)
        assert _left_of_the_shared_roles(connection) == [(True, False), (True, False)]
        views = connection.execute(
            "select relname from pg_class where relnamespace = 'moss_contract'::regnamespace and relkind = 'v'"
        ).fetchall()
        assert views == []
        connection.execute("alter table devices alter column hostname type text")
        assert connection.execute("select count(*) from jamf_sync.captures").fetchone() == (1,)
    database = MossDatabase(first)
    try:
        _sync(database, dialect, "after")
    finally:
        database.dispose()
    with psycopg.connect(first, autocommit=True) as connection:
        assert _hostnames(connection) == ["after"]
    # The other database still works under the roles that both had, until it is prepared too.
    with psycopg.connect(second, autocommit=True) as connection:
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(SHARED_ROLES[1])))
        assert _hostnames(connection, "moss_contract.devices") == ["before"]
        connection.execute("reset role")
        report = prepare(connection, may_create_moss=False)
        # No other database has them any more: whoever is left is this one's.
        assert report.left_behind == ()
        writer = installation(connection).writer
        assert connection.execute(
            "select pg_has_role(%s, %s, 'MEMBER')", (member, writer)
        ).fetchone() == (True,)
        assert _hostnames(connection) == ["before"]
        assert _left_of_the_shared_roles(connection) == []
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(member)))


def _capture(connection: psycopg.Connection) -> None:
    connection.execute(
        """insert into jamf_sync.captures (integration_id, collection, status, captured_at, server, captured_count)
           select id, 'computers', 'complete', now(), 'jamf.example.org', 0 from integration_configs"""
    )


def _left_of_the_shared_roles(connection: psycopg.Connection) -> list[tuple[bool, bool]]:
    """For each that the server still has: that it is there, and whether it has a right in this jamf_sync."""
    return connection.execute(
        """select true, has_schema_privilege(rolname, 'jamf_sync', 'USAGE')
             or has_table_privilege(rolname, 'jamf_sync.captures', 'SELECT')
           from pg_roles where rolname = any (%s) order by rolname""",
        (list(SHARED_ROLES),),
    ).fetchall()


def test_init_in_a_renamed_database_moves_it_over_to_the_roles_of_its_new_name(
    moss: MossDatabase, moss_url: str, dialect: Dialect, postgres_server: DatabaseServer
) -> None:
    with moss.connection() as connection:
        former = installation(connection)
    moss.dispose()
    name = moss_url.rpartition("/")[2]
    _rename(postgres_server, name, f"{name}_moved")
    moved = MossDatabase(postgres_server.url_of(f"{name}_moved"))
    try:
        # It goes on under the roles it has ...
        _sync(moved, dialect, "before")
        with moved.connection() as connection:
            # ... until it is prepared anew.
            prepare(connection, may_create_moss=False)
            assert installation(connection).reader != former.reader
            left = connection.execute(
                "select rolname from pg_roles where rolname = any (%s)",
                ([former.reader, former.writer],),
            ).fetchall()
        assert left == []
        _sync(moved, dialect, "after")
        with moved.connection() as connection:
            assert _hostnames(connection) == ["after"]
    finally:
        moved.dispose()
        _rename(postgres_server, f"{name}_moved", name)


def _rename(server: DatabaseServer, name: str, new_name: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as administrator:
        administrator.execute(
            sql.SQL("alter database {} rename to {}").format(
                sql.Identifier(name), sql.Identifier(new_name)
            )
        )


@pytest.mark.dialects("strategy")
def test_a_database_without_a_contract_says_to_run_init(empty_database: MakeDatabase) -> None:
    database = MossDatabase(empty_database())
    try:
        with pytest.raises(MossNotPrepared, match="Run `moss-jamf init`"), database.reading():
            pass
    finally:
        database.dispose()
