"""Databases that cannot be used, whatever is tried: what takes no writes, what cannot keep every letter."""

import psycopg
import pytest
from psycopg import sql

from tests.cli.conftest import CommandLine
from tests.support.databases import DatabaseServer

_REMEDY = "After a failover"


def _set(url: str, setting: str, value: str) -> None:
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(
            sql.SQL("alter database {} set {} = {}").format(
                sql.Identifier(administrator.info.dbname), sql.SQL(setting), value
            )
        )


def _problems(command_line: CommandLine) -> dict[str, str]:
    findings = command_line.json("doctor", code=1)["findings"]
    return {
        finding["check"]: finding["message"]
        for finding in findings
        if finding["state"] == "problem"
    }


def test_case_t04_a_database_that_takes_no_writes_is_one_sentence_everywhere(
    moss_command_line: CommandLine,
) -> None:
    _set(moss_command_line.environment["MOSS_DATABASE_URL"], "default_transaction_read_only", "on")

    assert set(_problems(moss_command_line)) == {"M.O.S.S. database"}
    for command in ("sync", "init"):
        result = moss_command_line.run(command)
        assert result.returncode == 1
        assert result.stderr.count("takes no writes: its transactions are read-only") == 1
        assert result.stderr.count(_REMEDY) == 1
        assert "refused a statement" not in result.stderr


def test_case_t04_dagsters_database_takes_no_writes_but_moss_does(
    moss_command_line: CommandLine,
) -> None:
    _set(moss_command_line.environment["DAGSTER_PG_URL"], "default_transaction_read_only", "on")

    assert set(_problems(moss_command_line)) == {"Dagster database"}
    result = moss_command_line.run("sync")
    assert result.returncode == 1
    assert "takes no writes" in result.stderr
    assert _REMEDY in result.stderr
    assert moss_command_line.run("conflicts", "list").returncode == 0


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_case_t08_a_database_that_cannot_keep_every_letter_is_refused(
    command_line: CommandLine, postgres_server: DatabaseServer, encoding: str
) -> None:
    name = f"of_{encoding.lower()}"
    with psycopg.connect(postgres_server.url, autocommit=True) as administrator:
        administrator.execute(
            f"create database {name} encoding '{encoding}' locale 'C' template template0".encode()
        )
    try:
        command_line.environment["MOSS_DATABASE_URL"] = postgres_server.url_of(name)
        told = _problems(command_line)
        assert f"keeps text as {encoding}" in told["M.O.S.S. database"]
        assert f"keeps text as {encoding}" in told["Dagster database"]
        refused = command_line.run("init", "--create-moss")
    finally:
        postgres_server.drop(name)
    assert refused.returncode == 1
    assert f"keeps text as {encoding}" in refused.stderr
    assert "encoding 'UTF8'" in refused.stderr
