"""Every command that the documentation shows is run as it stands there, or it is said here why it is not.

The commands are those of the fenced blocks `sh` of README.md and docs/*.md. Words in capitals stand for something of
the reader's, and are replaced by something of the world in which the commands run: a fleet that was synced twice, with
a renamed Mac and a held change. Commands that only look run in this process, others in one of their own.
"""

import base64
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psycopg
import pytest

from moss_jamf_pipeline.cli.application import app
from moss_jamf_pipeline.settings import PROJECT_ROOT
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.cli.conftest import CommandLine, query

_PAGES: Final = (PROJECT_ROOT / "README.md", *sorted((PROJECT_ROOT / "docs").glob("*.md")))
_BLOCK: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)

# Command, as a pattern, to why it is not run here; a test that runs it is named by its place.
_ELSEWHERE: Final = {
    r"(export )?[A-Z_]+=": "sets a variable that is the reader's",
    r"make (demo|test|docs)\b": "what CI does with each commit",
    r"make up\b|(\S*/)?moss-jamf up$": "tests/cli/test_up.py::test_it_serves_and_leaves_nothing_when_stopped",
    r"make bench": "takes minutes: it measures",
    r"docker |\./prepare\.sh|kubectl |helm |systemctl |git ": "needs what this machine does not have",
    r"pg_(dump|restore) ": "takes PostgreSQL's own programs; tried by hand, as docs/backup.md says",
    r"psql ": "opens a session for a person",
    r"moss-jamf serve --port": "tests/companion/test_behind_a_proxy.py",
    r"moss-jamf simulate": "tests/simulator/test_simulator_server.py",
    r"moss-jamf credentials set --client-id \S+ --region": "tests/jamf/test_gateway.py",
    r"moss-jamf uninstall$": "tests/cli/test_uninstall.py::test_moss_is_as_it_was_before_init_to_the_last_right",
    r"moss-jamf export devices --format xlsx": "a workbook is no text; its neighbour with --output is run",
    r"moss-jamf alerts (test|check)": "needs somebody who is told",
}
# What only looks prints and ends; what starts runs or changes something has a process of its own.
_IN_A_PROCESS_OF_ITS_OWN: Final = {"sync", "apply", "approve", "init", "credentials", "export"}
_REDIRECTED: Final = re.compile(r"\s*([<>])\s*(\S+)$")


@dataclass(frozen=True)
class Shown:
    """A command as a page shows it."""

    page: str
    text: str


def _commands(page: Path) -> Iterator[Shown]:
    for _, language, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "sh":
            yield from (Shown(page.name, text) for text in _commands_in(block))
        else:
            assert language or not re.search(r"^\s*moss-jamf ", block, re.MULTILINE), (
                f"{page.name}: a block with commands is marked as sh"
            )


def _commands_in(block: str) -> Iterator[str]:
    """The commands of a block: a line each, or several where a quote or a backslash goes on."""
    waiting = ""
    for line in block.splitlines():
        waiting = f"{waiting} {line.strip()}".strip()
        if waiting.endswith("\\"):
            waiting = waiting.removesuffix("\\")
            continue
        try:
            words = shlex.split(waiting, comments=True)
        except ValueError:
            continue  # a quote is open
        if words:
            yield _without_comment(waiting)
        waiting = ""
    assert not waiting, waiting


def _without_comment(text: str) -> str:
    quote = ""
    for place, sign in enumerate(text):
        if quote or sign in "'\"":
            quote = "" if sign == quote else quote or sign
        elif sign == "#" and text[place - 1].isspace():
            return text[:place].rstrip()
    return text


_SHOWN: Final = tuple(command for page in _PAGES for command in _commands(page))


def _reason(text: str) -> str | None:
    return next((reason for pattern, reason in _ELSEWHERE.items() if re.match(pattern, text)), None)


@pytest.fixture
def world(moss_command_line: CommandLine) -> Iterator[dict[str, str]]:
    """What the words in capitals stand for, in a fleet in which something happened."""
    environment = moss_command_line.environment
    with SimulatorServer(SimulatorConfig(computers=150, users=100, groups=10)) as jamf:
        environment["JAMF_BASE_URL"] = jamf.base_url
        environment["URL"] = jamf.base_url
        environment["ENCRYPTION_KEY"] = base64.b64encode(bytes(32)).decode()
        url = environment["MOSS_DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                """update integration_configs
                   set sync_settings = '{"guard": {"reassign": {"absolute": 0, "percentage": 0}}}'"""
            )
            moss_command_line.sync_by_engine()
            evolution = httpx.post(
                f"{jamf.base_url}/simulator/evolve",
                json={"renames": 1, "reassignments": 1, "wipes": 1},
                timeout=30,
            )
            assert evolution.status_code == 200, evolution.text
            moss_command_line.sync_by_engine()
        (mac,) = query(
            url,
            """select device.hostname, device.serial_number, person.email_address as email, change.external_id,
                      change.before ->> 'hostname' as former
               from jamf_sync.change_plan as change
               join devices as device on device.id = change.object_id
               left join people as person on person.id = device.assigned_to_person_id
               where change.plan_id = 2 and change.object_type = 'device' and change.after ? 'hostname'""",
        )
        (known,) = query(
            url,
            """select (select email_address from people where email_address is not null order by id limit 1) as email,
                      (select name from groups order by id limit 1) as "group",
                      (select to_char(max(slot) at time zone 'UTC', 'YYYY-MM-DD-HH24:MI') from jamf_sync.slot_captures)
                        as slot""",
        )
        yield {
            "SERIAL": mac["serial_number"],
            "OLDNAME": shlex.quote(mac["former"]),
            "COMPUTER": mac["external_id"],
            "EMAIL": known["email"],
            "GROUP": shlex.quote(known["group"]),
            "SLOT": known["slot"],
            "PLAN": "2",
            "PORT": jamf.base_url.rpartition(":")[2],
            "0a1b2c3d-…": "simulated-client",
            "https://example.jamfcloud.com": jamf.base_url,
        }


def test_a_command_that_is_not_run_here_is_run_elsewhere_or_cannot_be() -> None:
    used = {_reason(command.text) for command in _SHOWN}
    assert set(_ELSEWHERE.values()) - used <= {"needs what this machine does not have"}
    for reason in _ELSEWHERE.values():
        if reason.startswith("tests/"):
            place, _, name = reason.partition("::")
            text = (PROJECT_ROOT / place).read_text(encoding="utf-8")
            assert f"def {name}" in text, reason


# One world serves for all of them: it takes seconds to make.
def test_every_command_of_the_documentation_does_what_it_says(
    moss_command_line: CommandLine,
    world: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in moss_command_line.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(moss_command_line.state_directory))
    monkeypatch.chdir(moss_command_line.directory)
    (moss_command_line.directory / "secret.txt").write_text("simulated-client-secret")
    here = sorted(
        {
            command.text.removeprefix(".venv/bin/")
            for command in _SHOWN
            if _reason(command.text) is None
        },
        key=_turn,
    )
    assert len(here) > 30
    wrong = []
    for text in here:
        capsys.readouterr()
        newest = query(
            moss_command_line.environment["MOSS_DATABASE_URL"],
            "select max(plan_id)::text as plan from jamf_sync.plans where kind = 'sync'",
        )
        meant = world | ({"PLAN": newest[0]["plan"]} if " apply " in text else {})
        code, said = _run(_meant(text, meant), moss_command_line, capsys)
        if code not in (0, 3):
            wrong.append(f"{text}\n  ended with {code}: {said[-600:]}")
    assert not wrong, "\n".join(wrong)


def _turn(text: str) -> tuple[int, str]:
    """What is held is approved before another plan is made, that before it is applied; last what changes the fleet."""
    later = (" revert ", " sync --dry-run ", " apply ", " sync ", "curl ")
    if " approve" in text:
        return -1, text
    return next((turn for turn, words in enumerate(later, 1) if words in f"{text} "), 0), text


def _meant(text: str, world: dict[str, str]) -> str:
    for word, value in world.items():
        text = re.sub(rf"(?<![\w/]){re.escape(word)}(?!\w)", value.replace("\\", r"\\"), text)
    return text


def _run(
    text: str, command_line: CommandLine, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    if text.startswith("curl"):
        if shutil.which("curl") is None:
            return 0, ""
        done = subprocess.run(
            ["bash", "-c", f"{text} --silent --show-error --fail"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ},
        )
        return done.returncode, done.stdout + done.stderr
    redirected = _REDIRECTED.search(text)
    arguments = shlex.split(text[: redirected.start()] if redirected else text)[1:]
    if redirected or arguments[0] in _IN_A_PROCESS_OF_ITS_OWN:
        reads = redirected is not None and redirected[1] == "<"
        given = (
            Path(redirected[2]).read_text()
            if redirected and reads
            else ("y\n" if "approve" in text else "simulated-client-secret\n")
        )
        ended = command_line.run(*arguments, stdin=given)
        return ended.returncode, ended.stderr
    with pytest.raises(SystemExit) as end:
        app(prog_name="moss-jamf", args=arguments)
    printed = capsys.readouterr()
    return int(end.value.code or 0), printed.err or printed.out


def test_a_command_that_the_documentation_gets_wrong_is_found(
    moss_command_line: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(_commands_in("a 'b\n  c' # d's\n\ne \\\n f\n# g\n")) == ["a 'b c'", "e  f"]
    code, _ = _run("moss-jamf device", moss_command_line, capsys)
    assert code == 2
