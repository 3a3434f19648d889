"""A server that repeats everything it was sent, everywhere: what it was sent is found nowhere afterwards."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from moss_jamf_pipeline.settings import project_file
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.cli.conftest import CommandLine
from tests.support.echoing_jamf import Echo
from tests.support.spellings import SPELLINGS

_SECRET = 'S3cr"et/+ of%the & <client>\\ü-2026?'
_PASSWORD = "pass word+of/the=account&ü"
_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
_ALERT_PATH = "services/T0K3N/B0/of-the-webhook"

# What M.O.S.S. keeps on purpose: its own keys.
_KEPT = {("public", "encryption_keys")}


@contextmanager
def _echoing(echo: Echo, shell: CommandLine) -> Iterator[SimulatorServer]:
    """A server that echoes, and a shell that reads it."""
    config = SimulatorConfig(
        computers=24,
        users=12,
        groups=6,
        oddities=0,
        client_secret=SecretStr(_SECRET),
        password=SecretStr(_PASSWORD),
    )
    with SimulatorServer(config, around=echo.around) as jamf:
        shell.environment |= {
            "JAMF_BASE_URL": jamf.base_url,
            "JAMF_CLIENT_ID": jamf.client_id,
            "JAMF_CLIENT_SECRET": _SECRET,
            "ENCRYPTION_KEY": _KEY,
            "MOSS_JAMF_ALERT_URL": f"http://127.0.0.1:9/{_ALERT_PATH}",
        }
        yield jamf


class _Said(list[str]):
    """What commands said on both of their outputs."""

    def run(self, shell: CommandLine, *arguments: str, stdin: str = "", **variables: str) -> str:
        result = shell.run(*arguments, stdin=stdin, **variables)
        self.append(f"{result.stdout}\n{result.stderr}")
        return result.stdout


def _dump(url: str) -> Iterator[tuple[str, str]]:
    """Every table of a database as text, by its name."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, name in tables:
            if (schema, name) not in _KEPT:
                rows = connection.execute(
                    sql.SQL("select one::text from {} as one").format(sql.Identifier(schema, name))
                ).fetchall()
                yield f"{schema}.{name}", "\n".join(row[0] for row in rows)


def _files(directory: Path) -> Iterator[tuple[str, str]]:
    for file in directory.rglob("*"):
        if file.is_file():
            yield str(file), file.read_bytes().decode("utf-8", errors="replace")


def _places_with_secrets(shell: CommandLine, said: list[str], *secrets: str) -> list[str]:
    """Where a secret is found, in which spelling."""
    places = dict(_files(shell.directory))
    for variable in ("MOSS_DATABASE_URL", "DAGSTER_PG_URL"):
        places |= {f"{variable} {name}": text for name, text in _dump(shell.environment[variable])}
    places |= {f"command {number}": text for number, text in enumerate(said)}
    spelled = {
        (spelling(secret), name)
        for secret in secrets
        for name, spelling in SPELLINGS.items()
        if len(spelling(secret)) >= 8
    }
    return [
        f"{place}: {text[:20]}… {name}"
        for place, content in places.items()
        for text, name in spelled
        if text in content or json.dumps(text)[1:-1] in content
    ]


def _secrets(shell: CommandLine, jamf: SimulatorServer) -> list[str]:
    passwords = {
        urlsplit(shell.environment[variable]).password
        for variable in ("MOSS_DATABASE_URL", "DAGSTER_PG_URL")
    }
    return [
        *(_SECRET, _PASSWORD, _KEY, _ALERT_PATH),
        *jamf.simulator.tokens.issued,
        *(password for password in passwords if password and len(password) >= 8),
    ]


def test_case_s05_what_a_server_repeats_in_its_records_is_found_nowhere(
    moss_command_line: CommandLine,
) -> None:
    shell, said = moss_command_line, _Said()
    echo = Echo(in_records=True)
    with _echoing(echo, shell) as jamf:
        synced = json.loads(said.run(shell, "sync", "--json"))
        assert synced["status"] == "partial"
        listed = json.loads(said.run(shell, "quarantine", "list", "--json"))
        reasons = {entry["reason"] for entry in listed["quarantine"]}
        assert "holds_a_secret" in reasons
        said.run(shell, "plan", "show", "--csv")
        assert _places_with_secrets(shell, said, *_secrets(shell, jamf)) == []
    # The rest was synced.
    assert "created" in "".join(said)


_KINDS = ("jamf", "oauth", "gateway", "html", "text")
_STATUSES = (400, 401, 403, 404, 302, 200)


def test_case_s05_what_a_token_endpoint_repeats_is_found_nowhere(
    moss_command_line: CommandLine,
) -> None:
    shell, said, echo = moss_command_line, _Said(), Echo(refused="token")
    with _echoing(echo, shell) as jamf:
        ways = zip(
            ("in a form", "in base64", "in JSON"), cycle(_KINDS), cycle(_STATUSES), strict=False
        )
        for echo.spelling, echo.kind, echo.status in ways:
            said.run(shell, "credentials", "test")
        echo.kind, echo.status = "html", 401
        said.run(shell, "sync", "--verbose")
        said.run(shell, "doctor", "--verbose")
        assert "gives no token" in "".join(said)
        assert _places_with_secrets(shell, said, *_secrets(shell, jamf)) == []


def test_what_an_endpoint_repeats_of_a_bearer_token_is_found_nowhere(
    moss_command_line: CommandLine,
) -> None:
    shell, said = moss_command_line, _Said()
    echo = Echo(refused="computers-inventory", kind="jamf", status=403, spelling="in base64")
    with _echoing(echo, shell) as jamf:
        said.run(shell, "sync", "--verbose", "--triggered-by", f"ada {_KEY}")
        assert "computers-inventory" in "".join(said)
        assert _places_with_secrets(shell, said, *_secrets(shell, jamf)) == []


@pytest.mark.nightly
@pytest.mark.parametrize("spelling", ["plain", "in base64 behind an id", "in HTML"])
def test_what_a_run_of_dagsters_own_says_and_keeps_holds_no_secret(
    moss_command_line: CommandLine, spelling: str
) -> None:
    shell, said = moss_command_line, _Said()
    echo = Echo(refused="token", kind="text", status=401, spelling=spelling)
    with _echoing(echo, shell) as jamf:
        shell.environment["DAGSTER_HOME"] = str(shell.directory / "state" / "dagster")
        said.run(shell, "doctor")
        Path(shell.environment["DAGSTER_HOME"]).mkdir(parents=True, exist_ok=True)
        shutil.copy(project_file("dagster.yaml"), shell.environment["DAGSTER_HOME"])
        for echo.refused in ("token", "jamf-pro-version"):
            result = subprocess.run(
                [
                    *(sys.executable, "-m", "dagster", "asset", "materialize"),
                    *("-m", "moss_jamf_pipeline.definitions", "--select", "jamf_pro/jamf_server"),
                ],
                cwd=shell.directory,
                env={**os.environ, **shell.environment},
                capture_output=True,
                text=True,
                check=False,
            )
            assert result.returncode != 0
            assert "STEP_FAILURE" in result.stderr + result.stdout
            said.append(result.stdout + result.stderr)
        kept = [name for name, _ in _files(shell.directory) if name.endswith((".err", ".out"))]
        assert kept  # what the steps wrote is looked at too
        assert _places_with_secrets(shell, said, *_secrets(shell, jamf)) == []


@pytest.mark.nightly
@pytest.mark.parametrize("spelling", sorted(SPELLINGS)[::5])
def test_no_spelling_of_a_secret_is_found_after_any_refusal(
    moss_command_line: CommandLine, spelling: str
) -> None:
    shell, said, echo = moss_command_line, _Said(), Echo(spelling=spelling)
    with _echoing(echo, shell) as jamf:
        said.run(shell, "credentials", "set", "--client-id", jamf.client_id, stdin=_SECRET)
        for kind in _KINDS:
            for echo.refused, echo.status in (("token", 401), ("auth$", 403), ("inventory", 404)):
                echo.kind = kind
                said.run(shell, "credentials", "test")
        account = {"JAMF_CLIENT_ID": "", "JAMF_CLIENT_SECRET": ""}
        account |= {"JAMF_USERNAME": jamf.username, "JAMF_PASSWORD": _PASSWORD}
        for echo.refused, echo.status in (("token", 401), ("inventory", 403), ("", 200)):
            said.run(shell, "credentials", "test", **account)
            said.run(shell, "sync", "--verbose", **account)
        echo.refused, echo.in_records = "", True
        said.run(shell, "sync")
        for command in (
            ("doctor",),
            ("status", "--json"),
            ("history", "--json"),
            ("plan", "list"),
            ("plan", "show", "--json"),
            ("plan", "show", "--csv"),
            ("plan", "show"),
            ("history",),
            ("conflicts", "list"),
            ("quarantine", "list"),
            ("quarantine", "list", "--json"),
        ):
            said.run(shell, *command)
        assert _places_with_secrets(shell, said, *_secrets(shell, jamf)) == []
