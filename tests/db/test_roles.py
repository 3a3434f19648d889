"""Field ownership, enforced: what each of the two roles can do to M.O.S.S. is what the ownership table says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.catalogue.ownership import declared_rules
from moss_jamf_pipeline.moss.contract.roles import (
    READER,
    ROLES,
    WRITER,
    administrator_script,
    missing_contract_privileges,
    take_on,
    writer_privileges,
    writing,
)
from moss_jamf_pipeline.moss.contract.schema import prepare
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.integration.integrations import create_integration, find_integration
from moss_jamf_pipeline.moss.statements import statement
from tests.db.support import Bench
from tests.support.databases import DatabaseServer

_VIEWS = {
    "location": "locations",
    "room": "rooms",
    "person": "people",
    "device": "devices",
    "io": "ios",
    "group": "groups",
}
_COLUMNS = [rule for rule in declared_rules() if rule.is_column]


@contextmanager
def _as_role(connection: psycopg.Connection, role: str) -> Iterator[psycopg.Connection]:
    """The same connection under another role, for statements whose effect is rolled back."""
    with connection.transaction(force_rollback=True):
        take_on(connection, role, for_transaction=True)
        yield connection


def _touch(view: str, column: str) -> sql.Composed:
    """An UPDATE that would write a column of every row of a view."""
    return sql.SQL("update {} set {} = {}").format(
        sql.Identifier("moss_contract", view), sql.Identifier(column), sql.Identifier(column)
    )


@pytest.mark.parametrize("rule", _COLUMNS, ids=lambda rule: f"{rule.object_type}.{rule.field}")
def test_the_writing_role_can_change_a_field_only_if_jamf_may_overwrite_it(
    rule: object, rolled_back: psycopg.Connection
) -> None:
    assert rule in _COLUMNS
    (declared,) = [known for known in _COLUMNS if known is rule]
    update = _touch(_VIEWS[declared.object_type], declared.field)
    with _as_role(rolled_back, WRITER) as connection:
        if declared.on_update == "overwrite":
            connection.execute(update)
            return
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            connection.execute(update)


def test_no_column_of_the_contract_can_be_changed_that_is_not_granted(
    rolled_back: psycopg.Connection,
) -> None:
    columns = rolled_back.execute(
        """select table_name, column_name from information_schema.columns
           where table_schema = 'moss_contract' and is_updatable = 'YES'"""
    ).fetchall()
    allowed = {
        (view, column)
        for view, privileges in writer_privileges().items()
        for column in privileges.updates
    }
    changeable = set()
    for view, column in columns:
        try:
            with _as_role(rolled_back, WRITER) as connection:
                connection.execute(_touch(view, column))
            changeable.add((view, column))
        except psycopg.errors.InsufficientPrivilege:
            pass
    assert changeable == allowed
    assert len(columns) > len(allowed) > 20


@pytest.mark.parametrize("role", ROLES)
def test_neither_role_can_touch_the_tables_of_moss_themselves(
    role: str, rolled_back: psycopg.Connection
) -> None:
    tables = rolled_back.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    ).fetchall()
    assert len(tables) > 10
    for (table,) in tables:
        for verb in ("select", "insert", "update", "delete", "truncate"):
            kind = "any_column" if verb in {"select", "insert", "update"} else "table"
            assert rolled_back.execute(
                f"select has_{kind}_privilege(%s, %s, %s)".encode(),
                (role, f"public.{table}", verb),
            ).fetchone() == (False,)


def test_the_reading_role_can_write_nothing_of_moss(rolled_back: psycopg.Connection) -> None:
    views = rolled_back.execute(
        "select relname from pg_class where relnamespace = 'moss_contract'::regnamespace and relkind in ('v', 'r')"
    ).fetchall()
    assert len(views) > 15
    for (view,) in views:
        relation = f"moss_contract.{view}"
        for verb in ("insert", "update", "delete"):
            assert rolled_back.execute(
                "select has_table_privilege(%s, %s, %s)", (READER, relation, verb)
            ).fetchone() == (False,)
        for verb in ("insert", "update"):
            assert rolled_back.execute(
                "select has_any_column_privilege(%s, %s, %s)", (READER, relation, verb)
            ).fetchone() == (False,)


def test_nothing_is_deleted_from_moss_but_device_members(rolled_back: psycopg.Connection) -> None:
    deletable = {
        view
        for (view,) in rolled_back.execute(
            """select relname from pg_class where relnamespace = 'moss_contract'::regnamespace and relkind in ('v', 'r')
               and has_table_privilege(%s, oid, 'delete')""",
            (WRITER,),
        )
    }
    assert deletable == {"group_device_members"}


def test_the_writing_role_cannot_read_credentials(rolled_back: psycopg.Connection) -> None:
    with (
        _as_role(rolled_back, WRITER) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from moss_contract.integration_credentials")
    with _as_role(rolled_back, READER) as connection:
        connection.execute("select * from moss_contract.integration_credentials")


def test_a_field_that_is_filled_is_never_overwritten_even_by_the_filling_function(
    trial: Bench,
) -> None:
    here, there = trial.location("Here"), trial.location("There")
    full = trial.device(asset_tag="TAG-1", location_id=here)
    empty = trial.device(asset_tag="  ", serial_number="EMPTY")
    with writing(trial.connection):
        for device in (full, empty):
            trial.execute(
                "select moss_contract.fill_empty('device', %s, jsonb_build_object('asset_tag', 'TAG-2',"
                " 'location_id', %s::uuid, 'hostname', 'not-mine', 'notes', 'not mine'))",
                device,
                there,
            )
    columns = (
        "select asset_tag, location_id, hostname, notes from moss_contract.devices where id = %s"
    )
    assert tuple(trial.query(columns, full)[0].values()) == ("TAG-1", here, None, None)
    assert tuple(trial.query(columns, empty)[0].values()) == ("TAG-2", there, None, None)


def test_filling_what_is_full_writes_no_row(trial: Bench) -> None:
    device = trial.device(asset_tag="TAG-1")
    before = trial.value("select xmin::text from public.devices where id = %s", device)
    with writing(trial.connection):
        trial.execute(
            "select moss_contract.fill_empty('device', %s, '{\"asset_tag\": \"TAG-2\"}')", device
        )
    assert trial.value("select xmin::text from public.devices where id = %s", device) == before


def test_the_reading_role_may_not_fill(trial: Bench) -> None:
    device = trial.device()
    with (
        _as_role(trial.connection, READER) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select moss_contract.fill_empty('device', %s, '{}')", (device,))


def test_writing_leaves_the_role_that_was_in_force(database: MossDatabase) -> None:
    with database.reading() as connection:
        with connection.transaction():
            with writing(connection):
                assert connection.execute("select current_user").fetchone() == (WRITER,)
            assert connection.execute("select current_user").fetchone() == (READER,)
        with pytest.raises(psycopg.errors.DivisionByZero), writing(connection):
            connection.execute("select 1 / 0")
        assert connection.execute("select current_user").fetchone() == (READER,)
    with database.connection() as connection:
        assert connection.execute("select current_user = session_user").fetchone() == (True,)


@contextmanager
def _log_in(server: DatabaseServer, name: str) -> Iterator[str]:
    """An ordinary log-in of the server; yields the SQL name to grant it things."""
    with psycopg.connect(server.url, autocommit=True) as administrator:
        administrator.execute(
            sql.SQL("create role {} login password 'for-tests'").format(sql.Identifier(name))
        )
    try:
        yield name
    finally:
        with psycopg.connect(server.url, autocommit=True) as administrator:
            administrator.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def _url_as(url: str, name: str) -> str:
    return psycopg.conninfo.make_conninfo(url, user=name, password="for-tests")


def test_a_log_in_that_may_not_create_roles_is_told_what_an_administrator_has_to_run(
    postgres_server: DatabaseServer, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    with _log_in(postgres_server, "moss_owner_for_test") as owner:
        with psycopg.connect(url, autocommit=True) as administrator:
            prepare(
                administrator, may_create_moss=True
            )  # the roles exist on this server from now on
            administrator.execute("drop schema jamf_sync, moss_contract cascade")
            administrator.execute("drop schema public cascade")
            administrator.execute(
                sql.SQL("create schema public authorization {}").format(sql.Identifier(owner))
            )
            administrator.execute(
                sql.SQL("grant create on database {} to {}").format(
                    sql.Identifier(administrator.info.dbname), sql.Identifier(owner)
                )
            )
        with psycopg.connect(_url_as(url, owner), autocommit=True) as connection:
            connection.execute(statement("moss/create_strategy_schema"))
            with pytest.raises(MossNotPrepared) as caught:
                prepare(connection, may_create_moss=False)
            script = administrator_script(connection)
            assert script is not None
            assert script in caught.value.remedy
            assert connection.execute("select to_regnamespace('jamf_sync')").fetchone() == (None,)
        with psycopg.connect(url, autocommit=True) as administrator:
            administrator.execute(script.encode())
        database = MossDatabase(f"postgresql://{owner}:for-tests@{url.partition('@')[2]}")
        try:
            with database.connection() as connection:
                prepare(connection, may_create_moss=False)
                create_integration(connection, "JAMF Pro", base_url=None)
                assert missing_contract_privileges(connection) is None
                bench = Bench(connection, find_integration(connection))
                bench.computer("1", "C02PLAIN1", hostname="plain")
                bench.sync()
                assert bench.value("select hostname from devices") == "plain"
        finally:
            database.dispose()
        with psycopg.connect(url, autocommit=True) as administrator:
            administrator.execute(sql.SQL("drop owned by {} cascade").format(sql.Identifier(owner)))


def test_a_right_that_is_missing_in_moss_is_named_with_the_grant_that_gives_it(
    postgres_server: DatabaseServer, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    with _log_in(postgres_server, "moss_stranger_for_test") as stranger:
        with psycopg.connect(url, autocommit=True) as administrator:
            administrator.execute(statement("moss/create_strategy_schema"))
            name = sql.Identifier(stranger)
            for grant in (
                "grant select, insert, update, delete on all tables in schema public to {}",
                "revoke update on devices from {}",
                "grant update (hostname) on devices to {}",
            ):
                administrator.execute(sql.SQL(grant).format(name))
            database_name = sql.Identifier(administrator.info.dbname)
            administrator.execute(
                sql.SQL("grant create on database {} to {}").format(database_name, name)
            )
            administrator.execute(
                sql.SQL("grant {}, {} to {}").format(*map(sql.Identifier, ROLES), name)
            )
        with (
            psycopg.connect(_url_as(url, stranger), autocommit=True) as connection,
            pytest.raises(MossNotPrepared) as caught,
        ):
            prepare(connection, may_create_moss=False)
        assert "lacks update (" in str(caught.value)
        assert "grant update (" in caught.value.remedy
        assert "serial_number" in caught.value.remedy
        assert "hostname" not in caught.value.remedy
        with psycopg.connect(url, autocommit=True) as administrator:
            script = caught.value.remedy.partition("run: ")[2].partition(" Then run")[0]
            administrator.execute(script.encode())
        with psycopg.connect(_url_as(url, stranger), autocommit=True) as connection:
            prepare(connection, may_create_moss=False)
        with psycopg.connect(url, autocommit=True) as administrator:
            administrator.execute(
                sql.SQL("drop owned by {} cascade").format(sql.Identifier(stranger))
            )
