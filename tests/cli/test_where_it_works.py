"""Which database and which JAMF server a command works with: said, and never made up in the wrong place."""

import base64

import psycopg
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.engine.access import ConfigurationMissing, require_meant_database
from moss_jamf_pipeline.settings import Settings
from tests.cli.conftest import CommandLine

_REAL = "https://example.jamfcloud.com"


@pytest.mark.parametrize(
    "command",
    [
        *("status", "doctor", "conflicts list", "credentials test"),
        *("sync", "conflicts resolve 1 --keep-moss"),
    ],
)
def test_case_t02_in_a_directory_without_anything_nothing_is_made(
    command_line: CommandLine, command: str
) -> None:
    result = command_line.run(*command.split())

    assert result.returncode == 1
    assert "There is no embedded database in" in result.stdout + result.stderr
    assert f"({command_line.directory}/.env is not there.)" in result.stdout + result.stderr
    assert list(command_line.directory.iterdir()) == []


@pytest.mark.parametrize("command", ["sync", "init", "up --port 39999", "doctor"])
def test_case_t02_a_real_jamf_is_not_synced_into_a_private_database_unasked(
    command_line: CommandLine, command: str
) -> None:
    (command_line.directory / ".env").write_text(
        f"JAMF_BASE_URL={_REAL}\nJAMF_CLIENT_ID=id\nJAMF_CLIENT_SECRET=secret\n"
    )
    result = command_line.run(*command.split())

    assert result.returncode == 1
    said = result.stdout + result.stderr
    assert "example.jamfcloud.com is not on this machine, and MOSS_DATABASE_URL is not set" in said
    assert f"({command_line.directory}/.env is read.)" in said
    assert "--embedded" in said
    assert [file.name for file in command_line.directory.iterdir()] == [".env"]


@pytest.mark.parametrize(
    ("base_url", "settings", "is_refused"),
    [
        (_REAL, {}, True),
        ("https://10.0.0.7:8443", {}, True),
        (_REAL, {"embedded_is_meant": True}, False),
        (_REAL, {"moss_database_url": SecretStr("postgresql://moss@db/moss")}, False),
        ("http://127.0.0.1:8080", {}, False),
        ("https://localhost:8443", {}, False),
        (None, {}, False),
    ],
)
def test_a_server_of_this_machine_or_a_word_of_the_operator_is_enough(
    base_url: str | None, settings: dict[str, object], is_refused: bool
) -> None:
    environment = Settings.model_validate(settings)
    if is_refused:
        with pytest.raises(ConfigurationMissing, match="MOSS_DATABASE_URL is not set"):
            require_meant_database(environment, base_url)
    else:
        require_meant_database(environment, base_url)


def test_case_t02_what_writes_names_database_and_server_first_and_last(
    moss_command_line: CommandLine,
) -> None:
    environment = moss_command_line.environment
    with psycopg.connect(environment["MOSS_DATABASE_URL"]) as connection:
        info = connection.info
        database = f"{info.host}:{info.port}, database {info.dbname} (MOSS_DATABASE_URL)"
    line = f"Database: {database}. JAMF Pro: {environment['JAMF_BASE_URL']} (JAMF_BASE_URL)."

    init = moss_command_line.run("init").stdout.splitlines()
    assert (init[0], init[-1]) == (line, line)
    failed = moss_command_line.run("revert", "7", "--yes")
    assert failed.returncode == 1
    assert failed.stdout.splitlines() == [line, line]
    as_json = moss_command_line.run("conflicts", "resolve", "1", "--keep-moss", "--json")
    said = as_json.stderr.splitlines()
    assert (said[0], said[-1]) == (line, line)


def test_a_server_that_only_moss_names_is_named_with_who_says_so(
    moss_command_line: CommandLine,
) -> None:
    environment = moss_command_line.environment
    server = environment.pop("JAMF_BASE_URL")
    environment["ENCRYPTION_KEY"] = base64.b64encode(b"k" * 32).decode()
    named = f"{server} (saved in M.O.S.S. with 'JAMF Pro')"
    saved = moss_command_line.run(
        "credentials", "set", "--client-id", "id", "--base-url", server, stdin="secret"
    )

    assert saved.returncode == 0, saved.stderr
    lines = saved.stdout.splitlines()
    assert "JAMF Pro: none is configured." in lines[0]
    assert f"JAMF Pro: {named}." in lines[-1]
