"""`moss-jamf uninstall`: M.O.S.S. is as it was before `init`, to the last right; nothing goes halfway."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.run_lock import RunLock
from moss_jamf_pipeline.moss.statements import statement
from moss_jamf_pipeline.simulator import SimulatorServer
from tests.cli.conftest import CommandLine, query
from tests.support.dialects import DIALECTS, RELEASE, STRATEGY, Dialect
from tests.support.schema import create_released_tables, schema_of


def _create(url: str, dialect: Dialect) -> None:
    with psycopg.connect(url) as connection:
        if dialect is RELEASE:
            create_released_tables(connection)
        else:
            connection.execute(statement("moss/create_strategy_schema"))


def _server(url: str) -> list[dict[str, object]]:
    """The rights on the database and the server's roles that say by their names that they are this database's."""
    return query(
        url,
        """select (select coalesce(datacl, acldefault('d', datdba))::text from pg_database
                   where datname = current_database()) as rights,
                  (select count(*) from pg_roles
                   where rolname like 'moss\\_jamf\\_%' and rolname like '%' || current_database()) as roles""",
    )


@pytest.fixture(params=DIALECTS, ids=str)
def moss(
    request: pytest.FixtureRequest,
    empty_database: Callable[[], str],
    command_line: CommandLine,
    jamf: SimulatorServer,
) -> str:
    """A M.O.S.S. that knows nothing of the sync; the command line is configured for it and JAMF."""
    url = empty_database()
    _create(url, request.param)
    command_line.environment |= {
        "MOSS_DATABASE_URL": url,
        "JAMF_BASE_URL": jamf.base_url,
        "JAMF_CLIENT_ID": jamf.client_id,
        "JAMF_CLIENT_SECRET": jamf.client_secret,
    }
    return url


def test_moss_is_as_it_was_before_init_to_the_last_right(
    moss: str, command_line: CommandLine
) -> None:
    schema, server = schema_of(moss), _server(moss)
    command_line.json("init")
    command_line.sync_by_engine()
    prepared = schema_of(moss)
    assert "GRANT" in prepared
    assert _server(moss) != server
    devices = query(moss, "select * from devices order by id")
    links = query(moss, "select count(*) as number from integration_object_mappings")

    told = command_line.run("uninstall", "--dry-run").stdout
    for what in ("jamf_sync", "moss_contract", "dagster", "moss_jamf_reader_", "moss_jamf_writer_"):
        assert what in told
    assert "The integration's row in M.O.S.S." in told
    assert schema_of(moss) == prepared
    asked = command_line.run("uninstall", stdin="n\n")
    assert (asked.returncode, schema_of(moss) == prepared) == (1, True)

    removed = command_line.json("uninstall", "--yes")
    assert removed["removed"] is True
    assert {one["name"] for one in removed["schemas"]} == {"dagster", "jamf_sync", "moss_contract"}
    assert schema_of(moss) == schema
    assert _server(moss) == server
    assert query(moss, "select * from devices order by id") == devices
    assert query(moss, "select count(*) as number from integration_object_mappings") == links
    # Once more: nothing is there, and that is no failure. And it can be put back.
    assert "Nothing of ours is in" in command_line.run("uninstall", "--yes").stdout
    assert command_line.json("init")["integration_created"] is False


@pytest.fixture
def prepared(empty_database: Callable[[], str], command_line: CommandLine) -> str:
    """A M.O.S.S. that `init` prepared."""
    url = empty_database()
    _create(url, STRATEGY)
    command_line.environment["MOSS_DATABASE_URL"] = url
    command_line.json("init")
    return url


def _refused(command_line: CommandLine, **environment: str) -> str:
    refused = command_line.run("uninstall", "--yes", **environment)
    assert refused.returncode == 1
    assert "Nothing was removed." in refused.stderr
    return refused.stderr


# Making a database ready takes a second, so one serves for all of it.
def test_nothing_goes_halfway(
    prepared: str, command_line: CommandLine, empty_database: Callable[[], str]
) -> None:
    before = schema_of(prepared)
    with psycopg.connect(prepared, autocommit=True) as administrator:
        _not_under_a_run(prepared, administrator, command_line)
        _not_what_others_built_on_it(administrator, command_line)
        _not_by_who_may_not(prepared, administrator, command_line)
        assert schema_of(prepared) == before
        (reader,) = [one["name"] for one in _roles_of(prepared) if "reader" in one["name"]]
        with psycopg.connect(empty_database(), autocommit=True) as elsewhere:
            # A role that another database needs loses its rights here, and stays.
            elsewhere.execute(
                sql.SQL("create schema s authorization {}").format(sql.Identifier(reader))
            )
            removed = command_line.json("uninstall", "--remove-integration", "--yes")
            assert [role["name"] for role in removed["roles"] if role["elsewhere"]] == [reader]
            assert [role["name"] for role in _roles_of(prepared)] == [reader]
            elsewhere.execute("drop schema s")
        administrator.execute(sql.SQL("drop role {}").format(sql.Identifier(reader)))
    assert [one["name"] for one in removed["integrations"]] == ["JAMF Pro"]
    assert query(prepared, "select * from integration_configs") == []


def _roles_of(url: str) -> list[dict[str, str]]:
    return query(
        url,
        """select rolname::text as name from pg_roles
           where rolname like 'moss\\_jamf\\_%' and rolname like '%' || current_database()""",
    )


def _not_under_a_run(
    url: str, administrator: psycopg.Connection, command_line: CommandLine
) -> None:
    administrator.execute(
        """insert into jamf_sync.sync_runs (run_id, integration_id, history_id, sync_type)
           values ('a-run', gen_random_uuid(), gen_random_uuid(), 'full')"""
    )
    database = MossDatabase(url)
    lock = RunLock(database)
    lock.hold("a-run")
    assert "A run is at work: a-run." in _refused(command_line)
    lock.release()
    database.dispose()


def _not_what_others_built_on_it(
    administrator: psycopg.Connection, command_line: CommandLine
) -> None:
    administrator.execute("create view public.of_a_report as select plan_id from jamf_sync.plans")
    assert "view public.of_a_report" in _refused(command_line)
    administrator.execute("drop view public.of_a_report")


def _not_by_who_may_not(
    url: str, administrator: psycopg.Connection, command_line: CommandLine
) -> None:
    log_in = sql.Identifier("only-a-user")
    administrator.execute(sql.SQL("create role {} login password 'x'").format(log_in))
    try:
        refused = _refused(
            command_line, MOSS_DATABASE_URL=f"postgresql://only-a-user:x@{url.partition('@')[2]}"
        )
    finally:
        administrator.execute(sql.SQL("drop role {}").format(log_in))
    _, found, script = refused.partition("Let a database administrator run:\n")
    assert found, refused
    # What is printed is enough.
    with administrator.transaction(force_rollback=True):
        for line in script.splitlines():
            administrator.execute(line.strip().encode())
        schemas = administrator.execute("select nspname from pg_namespace").fetchall()
        assert not {("jamf_sync",), ("moss_contract",)} & set(schemas)
