"""M.O.S.S.'s and Dagster's databases behind a real PgBouncer."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from moss_jamf_pipeline.moss.database import MossDatabase
from tests.cli.conftest import CommandLine, query
from tests.support.databases import DatabaseServer
from tests.support.poolers import pgbouncer


def _through(url: str, port: int) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}"))


def _send_through(command_line: CommandLine, port: int) -> None:
    for variable in ("MOSS_DATABASE_URL", "DAGSTER_PG_URL"):
        command_line.environment[variable] = _through(command_line.environment[variable], port)


def test_a_sync_through_pgbouncer_in_session_mode_is_as_any_other(
    moss_command_line: CommandLine, postgres_server: DatabaseServer, tmp_path: Path
) -> None:
    direct = moss_command_line.environment["MOSS_DATABASE_URL"]
    # As an operator has it who gave Dagster no database: its schema is named by the search path.
    del moss_command_line.environment["DAGSTER_PG_URL"]
    with pgbouncer(postgres_server.url, tmp_path, mode="session") as port:
        moss_command_line.environment["MOSS_DATABASE_URL"] = _through(direct, port)
        assert moss_command_line.json("doctor")["healthy"]
        done = moss_command_line.json("sync")
        assert done["status"] == "success"
    assert query(direct, "select count(*) from public.devices") == [{"count": 40}]
    assert query(direct, "select count(*) > 0 as some from dagster.runs") == [{"some": True}]


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_keeps_no_sessions_is_refused_by_what_looks_and_what_writes(
    moss_command_line: CommandLine, postgres_server: DatabaseServer, tmp_path: Path, mode: str
) -> None:
    with pgbouncer(postgres_server.url, tmp_path, mode=mode) as port:
        _send_through(moss_command_line, port)
        findings = moss_command_line.json("doctor", code=1)["findings"]
        problems = {each["check"] for each in findings if each["state"] == "problem"}
        assert {"M.O.S.S. database", "Dagster database"} <= problems
        refused = moss_command_line.run("sync")
    assert refused.returncode == 1
    assert refused.stderr.count("a connection pooler (PgBouncer) that keeps no sessions") == 1
    assert "pool_mode = session" in refused.stderr


def test_what_other_clients_of_a_pooler_have_left_set_is_none_of_ours(
    empty_database: Callable[[], str], postgres_server: DatabaseServer, tmp_path: Path
) -> None:
    url = empty_database()
    with pgbouncer(postgres_server.url, tmp_path, mode="session", reset_query="") as port:
        with psycopg.connect(_through(url, port), autocommit=True) as careless:
            careless.execute("set datestyle = 'SQL, DMY'; set timezone = 'Asia/Tokyo'")
            careless.execute("set search_path = nowhere; set statement_timeout = '1ms'")
            used = careless.execute("select pg_backend_pid()").fetchone()
        database = MossDatabase(_through(url, port))
        with database.connection() as connection:
            assert connection.execute("select pg_backend_pid()").fetchone() == used
            shown = [
                connection.execute(f"show {name}".encode()).fetchone()
                for name in ("datestyle", "timezone", "search_path", "statement_timeout")
            ]
        database.dispose()
    assert shown == [("ISO, MDY",), ("UTC",), ("pg_catalog",), ("1h",)]
