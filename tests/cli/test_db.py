"""`moss-jamf db`: the embedded server is started, found and stopped."""

import psycopg

from tests.cli.conftest import CommandLine


def test_start_url_and_stop(command_line: CommandLine) -> None:
    without = command_line.run("db", "url")
    assert without.returncode == 1
    assert without.stdout == ""
    assert "moss-jamf db start" in without.stderr
    assert not command_line.json("db", "status")["is_running"]

    started = command_line.json("db", "start")
    assert started["is_running"]
    assert started["is_kept"]
    for arguments, database in ((["db", "url"], "moss"), (["db", "url", "--dagster"], "dagster")):
        (url,) = command_line.run(*arguments).stdout.splitlines()
        with psycopg.connect(url) as connection:
            assert connection.execute("select current_database()").fetchone() == (database,)

    assert command_line.json("db", "stop") == {"was_running": True}
    assert command_line.json("db", "stop") == {"was_running": False}


def test_the_url_of_a_given_database_is_one_that_psql_takes(command_line: CommandLine) -> None:
    given = "postgresql+psycopg2://someone:word@db.example.org/moss"
    assert (
        command_line.run("db", "url", MOSS_DATABASE_URL=given).stdout
        == "postgresql://someone:word@db.example.org/moss\n"
    )
