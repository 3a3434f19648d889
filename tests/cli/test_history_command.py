"""`moss-jamf history`: the latest runs, and who started them."""

import os
import pwd

from tests.cli.conftest import CommandLine


def test_a_run_of_the_command_line_names_the_user_of_the_operating_system(
    demo_command_line: CommandLine,
) -> None:
    name = pwd.getpwuid(os.getuid()).pw_name
    runs = demo_command_line.json("history")["runs"]
    assert {run["triggered_by"] for run in runs} == {f"command line: {name}"}
    assert f"command line: {name}" in demo_command_line.run("history").stdout


def test_whoever_asked_for_a_sync_can_be_named(moss_command_line: CommandLine) -> None:
    assert moss_command_line.json("sync", "--only", "users", "--triggered-by", "ada@example.org")
    (run,) = moss_command_line.json("history")["runs"]
    assert run["triggered_by"] == "ada@example.org"
    assert run["triggered_by_user_id"] is None  # the strategy's M.O.S.S. has no users
    assert run["sync_type"] == "users"
