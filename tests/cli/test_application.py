"""The list of commands: it is quick, complete, and says what is wrong with a call."""

import subprocess
import sys

import pytest

from moss_jamf_pipeline import __version__
from moss_jamf_pipeline.cli.application import COMMANDS, load
from tests.cli.conftest import CommandLine

_LOADED_BY = """
import sys
sys.argv = ["moss-jamf", *{arguments!r}]
from moss_jamf_pipeline.cli import main
try:
    main()
except SystemExit:
    pass
print(sorted({{"dagster", "pandas", "httpx"}} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["db", "status"], ["db", "url"]])
def test_what_is_used_in_scripts_imports_nothing_heavy(arguments: list[str]) -> None:
    program = _LOADED_BY.format(arguments=arguments)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.stderr.splitlines()[-1] == "[]"


def test_help_lists_every_command_and_every_command_has_help(command_line: CommandLine) -> None:
    listing = command_line.run("--help").stdout
    for name in COMMANDS:
        assert f" {name} " in listing
    assert [name for name, lazy in COMMANDS.items() if not load(lazy).help] == []


def test_the_version_is_printed(command_line: CommandLine) -> None:
    assert command_line.run("--version").stdout == f"moss-jamf {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["synchronise"],
        ["sync", "--only", "users", "--dry-run"],
        ["sync", "--slot", "2026-11-22-06:00"],
        ["sync", "--dry-run", "--slot", "2026-11-22-07:00"],
        ["replay", "yesterday"],
        ["apply"],
        ["apply", "0"],
        ["approve", "--kind", "everything"],
        ["plan", "show", "--type", "printer"],
        ["plan", "show", "--csv", "--json"],
        ["simulate", "--port", "70000"],
    ],
)
def test_wrong_usage_exits_with_2(command_line: CommandLine, arguments: list[str]) -> None:
    assert command_line.run(*arguments).returncode == 2
