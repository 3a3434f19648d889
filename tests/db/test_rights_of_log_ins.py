"""What a log-in lacks is named exactly, and what an administrator is asked to run is all that it needs."""

import os
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.moss.contract.rights import lacking_for_sync
from moss_jamf_pipeline.moss.contract.schema import prepare
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.integration.integrations import create_integration, find_integration
from moss_jamf_pipeline.moss.statements import statement
from tests.db.support import Bench
from tests.support.databases import DatabaseServer

pytestmark = pytest.mark.every_dialect

# Roles are the whole server's, which several processes may test on.
_NAME = f"moss-owner for tests {os.getpid()}"
_LOG_IN = sql.Identifier(_NAME)


@pytest.fixture
def administrator(
    postgres_server: DatabaseServer, empty_database: Callable[[], str]
) -> Iterator[psycopg.Connection]:
    """A superuser's connection to an empty database, on a server that has an ordinary log-in besides."""
    url = empty_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login password 'for-tests'").format(_LOG_IN))
        yield connection
        connection.execute(sql.SQL("drop owned by {} cascade").format(_LOG_IN))
        connection.execute(sql.SQL("drop role {}").format(_LOG_IN))


def _grant(administrator: psycopg.Connection, *statements: str) -> None:
    """Runs statements in which `{login}` and `{database}` stand for the log-in and the database."""
    for text in statements:
        administrator.execute(
            sql.SQL(text).format(login=_LOG_IN, database=sql.Identifier(administrator.info.dbname))
        )


def _url(administrator: psycopg.Connection) -> str:
    info = administrator.info
    user = _NAME.replace(" ", "%20")
    return f"postgresql://{user}:for-tests@{info.host}:{info.port}/{info.dbname}"


def _script(refused: MossNotPrepared) -> list[str]:
    _, found, rest = refused.remedy.partition("run:\n")
    assert found
    return rest.partition("\nThen run")[0].splitlines()


def _run(administrator: psycopg.Connection, script: list[str]) -> None:
    for line in script:
        administrator.execute(line.encode())


def _prepare(administrator: psycopg.Connection) -> None:
    with psycopg.connect(_url(administrator), autocommit=True) as connection:
        prepare(connection, may_create_moss=False)


def test_the_owner_of_moss_that_may_not_create_roles_is_told_to_have_them_created(
    administrator: psycopg.Connection,
) -> None:
    _grant(
        administrator,
        "drop schema public cascade",
        "create schema public authorization {login}",
        "grant create on database {database} to {login}",
    )
    with psycopg.connect(_url(administrator), autocommit=True) as owner:
        owner.execute(statement("moss/create_strategy_schema"))
        with pytest.raises(MossNotPrepared) as caught:
            prepare(owner, may_create_moss=False)
        assert owner.execute("select to_regnamespace('jamf_sync')").fetchone() == (None,)
    script = _script(caught.value)
    assert f'create role "moss_jamf_reader_{administrator.info.dbname}" nologin;' in script
    assert f'grant "moss_jamf_writer_{administrator.info.dbname}" to "{_NAME}";' in script
    _run(administrator, script)
    database = MossDatabase(_url(administrator))
    try:
        with database.connection() as connection:
            prepare(connection, may_create_moss=False)
            create_integration(connection, "JAMF Pro", base_url=None)
            assert lacking_for_sync(connection) is None
            bench = Bench(connection, find_integration(connection))
            bench.computer("1", "C02PLAIN1", hostname="plain")
            bench.sync()
            assert bench.value("select hostname from public.devices") == "plain"
    finally:
        database.dispose()


def test_a_right_that_is_missing_in_moss_is_named_with_the_grant_that_gives_it(
    administrator: psycopg.Connection,
) -> None:
    administrator.execute(statement("moss/create_strategy_schema"))
    with pytest.raises(MossNotPrepared) as caught:
        _prepare(administrator)
    _run(administrator, _script(caught.value))
    _grant(administrator, "revoke update (asset_tag) on devices from {login}")
    with pytest.raises(MossNotPrepared) as caught:
        _prepare(administrator)
    assert f"{_NAME} lacks update (asset_tag) on public.devices." in str(caught.value)
    script = _script(caught.value)
    assert script == [f'grant update ("asset_tag") on "public"."devices" to "{_NAME}";']
    _run(administrator, script)
    _prepare(administrator)


def test_a_right_that_a_role_has_no_business_with_is_taken_back(
    administrator: psycopg.Connection,
) -> None:
    administrator.execute(statement("moss/create_strategy_schema"))
    prepare(administrator, may_create_moss=False)
    writer = sql.Identifier(f"moss_jamf_writer_{administrator.info.dbname}")
    for given in ("grant update (notes) on devices to {}", "grant delete on people to {}"):
        administrator.execute(sql.SQL(given).format(writer))
    lacking = lacking_for_sync(administrator)
    assert lacking is not None
    assert lacking.script.splitlines() == [
        f'revoke update ("notes") on "public"."devices" from {writer.as_string()};',
        f'revoke delete on "public"."people" from {writer.as_string()};',
    ]
    prepare(administrator, may_create_moss=False)
    assert lacking_for_sync(administrator) is None


def test_what_another_log_in_prepared_is_handed_over_before_it_is_prepared_anew(
    administrator: psycopg.Connection,
) -> None:
    administrator.execute(statement("moss/create_strategy_schema"))
    prepare(administrator, may_create_moss=False)
    with pytest.raises(MossNotPrepared) as caught:
        _prepare(administrator)
    script = _script(caught.value)
    assert f'alter schema jamf_sync owner to "{_NAME}";' in script
    _run(administrator, script)
    _prepare(administrator)


def test_a_log_in_that_may_only_take_on_the_roles_can_sync(
    administrator: psycopg.Connection,
) -> None:
    administrator.execute(statement("moss/create_strategy_schema"))
    prepare(administrator, may_create_moss=False)
    create_integration(administrator, "JAMF Pro", base_url=None)
    for role in ("reader", "writer"):
        name = sql.Identifier(f"moss_jamf_{role}_{administrator.info.dbname}")
        administrator.execute(sql.SQL("grant {} to {}").format(name, _LOG_IN))
    database = MossDatabase(_url(administrator))
    try:
        with database.reading() as connection:
            bench = Bench(connection, find_integration(connection))
            bench.computer("1", "C02PLAIN1", hostname="plain")
            bench.sync()
        with database.connection() as connection:
            assert lacking_for_sync(connection) is None
    finally:
        database.dispose()
    assert administrator.execute("select hostname from devices").fetchall() == [("plain",)]
