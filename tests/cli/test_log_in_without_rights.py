"""A log-in that owns nothing: what a database administrator has to run is printed completely, and is enough."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.moss.statements import statement
from moss_jamf_pipeline.simulator import SimulatorServer
from tests.cli.conftest import CommandLine, query
from tests.support.dialects import DIALECTS, RELEASE, Dialect
from tests.support.schema import create_released_tables, schema_of

_LOG_IN = 'moss-sync "Prod"'


@pytest.fixture(params=DIALECTS, ids=str)
def moss(
    request: pytest.FixtureRequest, empty_database: Callable[[], str], command_line: CommandLine
) -> Iterator[str]:
    """URL of a M.O.S.S. that belongs to somebody else; the command line has a log-in there, and Dagster its schema.

    Nobody has a right by being anybody, as on a server that is locked down.
    """
    dialect: Dialect = request.param
    url = empty_database()
    log_in = sql.Identifier(_LOG_IN)
    with psycopg.connect(url, autocommit=True) as administrator:
        if dialect is RELEASE:
            create_released_tables(administrator)
        else:
            administrator.execute(statement("moss/create_strategy_schema"))
        database = sql.Identifier(administrator.info.dbname)
        for lock_down in (
            sql.SQL("create role {} login password 'for-tests'").format(log_in),
            sql.SQL("revoke all on database {} from public").format(database),
            sql.SQL("revoke all on schema public from public"),
            sql.SQL("grant connect on database {} to {}").format(database, log_in),
        ):
            administrator.execute(lock_down)
    command_line.environment["MOSS_DATABASE_URL"] = (
        f"postgresql://moss-sync%20%22Prod%22:for-tests@{url.partition('@')[2]}"
    )
    yield url
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("drop owned by {} cascade").format(log_in))
        administrator.execute(sql.SQL("drop role {}").format(log_in))


def _findings(command_line: CommandLine, code: int) -> dict[str, dict[str, str]]:
    findings = command_line.json("doctor", code=code)["findings"]
    return {finding["check"]: finding for finding in findings}


def _script(printed: str) -> str:
    """What an administrator is asked to run."""
    _, found, rest = printed.partition("Let a database administrator run:\n")
    assert found, printed
    script, found, _ = rest.partition("\nThen run `moss-jamf init` again.")
    assert found, printed
    return script


def test_what_is_printed_is_enough_for_init_and_a_whole_sync(
    moss: str, command_line: CommandLine, jamf: SimulatorServer
) -> None:
    untouched = schema_of(moss)
    before = _findings(command_line, code=1)
    script = _script(before["Rights"]["remedy"])
    # What M.O.S.S. says of its JAMF server cannot be read yet: nobody claims that there is none.
    assert {before[check]["state"] for check in ("Integration", "JAMF configuration")} == {
        "skipped"
    }
    refused = command_line.run("init")
    assert refused.returncode == 1
    assert _script(refused.stderr) == script
    assert query(moss, "select * from pg_namespace where nspname in ('jamf_sync', 'dagster')") == []

    with psycopg.connect(moss, autocommit=True) as administrator:
        for line in script.splitlines():
            administrator.execute(line.encode())

    waiting = _findings(command_line, code=1)
    assert waiting["Rights"]["state"] == "ok"
    assert {finding["check"] for finding in waiting.values() if finding["state"] == "problem"} == {
        "Schema jamf_sync"
    }
    assert waiting["Schema jamf_sync"]["remedy"] == "Run `moss-jamf init`."
    command_line.json("init")
    command_line.environment |= {
        "JAMF_BASE_URL": jamf.base_url,
        "JAMF_CLIENT_ID": jamf.client_id,
        "JAMF_CLIENT_SECRET": jamf.client_secret,
    }
    healthy = _findings(command_line, code=0)
    # Nobody said yet whom to tell when something fails.
    assert [name for name, each in healthy.items() if each["state"] != "ok"] == ["Alerts"]
    synced = command_line.run("sync", "--json")
    assert synced.returncode == 0, synced.stderr
    (run,) = query(moss, "select status, error_message from integration_sync_history")
    assert (run["status"], run["error_message"]) == ("success", None)
    for table in ("devices", "people", "ios", "groups", "group_members"):
        assert query(moss, f"select * from {table} limit 1") != []
    # A log-in that was made ready needs nobody for the next `init`.
    command_line.json("init")

    # It may not drop roles either: what is printed, and what takes its own rights back, leaves M.O.S.S. as it was.
    left = command_line.json("uninstall", "--dry-run")["left_rights"]
    refused = command_line.run("uninstall", "--yes")
    assert refused.returncode == 1
    _, _, script = refused.stderr.partition("Let a database administrator run:\n")
    with psycopg.connect(moss, autocommit=True) as administrator:
        for line in (*script.splitlines(), *left):
            administrator.execute(line.strip().encode())
    assert schema_of(moss) == untouched
