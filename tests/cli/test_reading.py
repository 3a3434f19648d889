"""The commands that only look: what they print after a sync, as JSON and for people."""

import os
import subprocess
import sys

import pytest

from moss_jamf_pipeline.cli.options import DEMO_FLEET
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.cli.conftest import CommandLine, query

_LOOKING = (
    ["status"],
    ["plan", "list"],
    ["plan", "show"],
    ["plan", "show", "--by", "rule"],
    ["plan", "show", "--csv"],
    ["conflicts", "list"],
    ["conflicts", "list", "--grouped"],
    ["history"],
    ["quarantine", "list"],
    ["device", "jamf:7"],
    ["devices", "--without-person"],
    ["db", "url"],
)
_IMPORTED_BY_EACH = f"""
import sys
from moss_jamf_pipeline.cli import main
for arguments in {_LOOKING!r}:
    sys.argv = ["moss-jamf", *arguments]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, ended.code
    print(arguments, sorted({{"dagster", "pandas", "numpy"}} & set(sys.modules)), file=sys.stderr)
"""


def test_commands_that_only_look_import_neither_dagster_nor_pandas(
    demo_command_line: CommandLine,
) -> None:
    result = subprocess.run(
        [sys.executable, "-c", _IMPORTED_BY_EACH],
        cwd=demo_command_line.directory,
        env={**os.environ, "MOSS_JAMF_STATE_DIR": str(demo_command_line.state_directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    told = result.stderr.splitlines()
    assert [line for line in told if line.startswith("[")] == [
        f"{arguments} []" for arguments in _LOOKING
    ]


def test_status_names_captures_plan_run_conflicts_and_the_next_sync(
    demo_command_line: CommandLine,
) -> None:
    status = demo_command_line.json("status")
    assert {capture["status"] for capture in status["captures"]} == {"complete"}
    # A dry run of another test may have made a newer plan than the demo's, which is the first and was applied.
    assert status["plan"]["status"] in {"applied", "planned"}
    assert demo_command_line.json("plan", "list")["plans"][-1]["status"] == "applied"
    assert status["last_run"]["status"] in {"success", "partial"}
    assert status["schedule"]["next_tick"] > status["last_run"]["sync_started_at"]
    printed = demo_command_line.run("status").stdout
    assert "no daemon runs" in printed
    assert status["next_sweep"]["reason"].rpartition(" hours before")[2] in printed


def test_a_plan_shows_names_instead_of_ids(demo_command_line: CommandLine) -> None:
    plan = demo_command_line.json("plan", "show", "1", "--type", "device", "--limit", "500")
    (url,) = demo_command_line.run("db", "url").stdout.splitlines()
    people = {row["full_name"] for row in query(url, "select full_name from people")}
    assigned = [
        change["after"]
        for row in plan["changes"]
        for change in row["fields"]
        if change["field"] == "assigned_to_person_id"
    ]
    assert assigned
    assert people.issuperset(assigned)
    assert "create" in demo_command_line.run("plan", "show", "1", "--limit", "3").stdout


@pytest.mark.parametrize(
    ("seed", "code"), [(DEMO_FLEET.seed, 0), (DEMO_FLEET.seed + 1, 3)], ids=["same", "another"]
)
def test_a_dry_run_plans_and_writes_nothing(
    demo_command_line: CommandLine, seed: int, code: int
) -> None:
    (url,) = demo_command_line.run("db", "url").stdout.splitlines()
    before = query(url, "select id, xmin from devices order by id")
    runs = query(url, "select id from integration_sync_history")
    with SimulatorServer(SimulatorConfig(computers=40, users=30, groups=6, seed=seed)) as jamf:
        result = demo_command_line.run(
            "sync",
            "--dry-run",
            JAMF_BASE_URL=jamf.base_url,
            JAMF_CLIENT_ID=jamf.client_id,
            JAMF_CLIENT_SECRET=jamf.client_secret,
        )
    assert result.returncode == code, result.stderr
    assert "would be done" in result.stdout
    # The ids of another server are other Macs: nothing of an identity is planned by halves.
    assert ("looks like another or a restored JAMF server" in result.stdout) is (code == 3)
    assert query(url, "select id, xmin from devices order by id") == before
    assert query(url, "select id from integration_sync_history") == runs
    plans = query(url, "select status from jamf_sync.plans order by plan_id desc limit 1")
    assert plans == [{"status": "planned"}]


def test_conflicts_and_history_parse(demo_command_line: CommandLine) -> None:
    conflicts = demo_command_line.json("conflicts", "list")
    assert sum(conflicts["open"].values()) == len(conflicts["conflicts"])
    assert demo_command_line.json("history", "--limit", "1")["runs"][0]["run_id"]
    assert demo_command_line.run("conflicts", "list", "--kind", "reverted").stdout.startswith(
        "No open conflict"
    )


def test_a_plan_that_does_not_exist_is_an_error_in_words(demo_command_line: CommandLine) -> None:
    document = demo_command_line.json("plan", "show", "99999", code=1)
    assert document["error"]["message"] == "There is no plan 99999."


def test_what_could_not_be_used_is_listed_and_shown(demo_command_line: CommandLine) -> None:
    (url,) = demo_command_line.run("db", "url").stdout.splitlines()
    (held,) = query(
        url,
        """insert into jamf_sync.quarantine
             (integration_id, collection, jamf_id, capture_id, reason, detail, is_whole_record)
           select integration_id, 'computers', '4711', capture_id, 'unreadable', 'JAMF answers 500 for it.', true
           from jamf_sync.captures where collection = 'computers' order by capture_id desc limit 1
           returning quarantine_id""",
    )
    number = str(held["quarantine_id"])
    listed = demo_command_line.json("quarantine", "list", "--reason", "unreadable", "--records")
    assert listed["total"] == 1
    assert [str(entry["quarantine_id"]) for entry in listed["quarantine"]] == [number]
    text = demo_command_line.run("quarantine", "list", "--collection", "computers").stdout
    assert "4711" in text
    assert "JAMF answers 500 for it." in text
    assert "Everything" in demo_command_line.run("quarantine", "list", "--reason", "none").stdout

    shown = demo_command_line.json("quarantine", "show", number)["entry"]
    assert (shown["jamf_id"], shown["document"], shown["is_over"]) == ("4711", None, False)
    assert "is not kept" in demo_command_line.run("quarantine", "show", number).stdout
    unknown = demo_command_line.json("quarantine", "show", "999999", code=1)
    assert unknown["error"]["message"] == "There is no quarantine entry 999999."
