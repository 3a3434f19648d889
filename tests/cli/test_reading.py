"""The commands that only look: what they print after a sync, as JSON and for people."""

from moss_jamf_pipeline.simulator import SimulatorServer
from tests.cli.conftest import CommandLine, query


def test_status_names_captures_plan_run_conflicts_and_the_next_sync(
    demo_command_line: CommandLine,
) -> None:
    status = demo_command_line.json("status")
    assert {capture["status"] for capture in status["captures"]} == {"complete"}
    assert status["plan"]["status"] == "applied"
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


def test_a_dry_run_plans_and_writes_nothing(
    demo_command_line: CommandLine, jamf: SimulatorServer
) -> None:
    (url,) = demo_command_line.run("db", "url").stdout.splitlines()
    before = query(url, "select id, xmin from devices order by id")
    runs = query(url, "select id from integration_sync_history")
    result = demo_command_line.run(
        "sync",
        "--dry-run",
        JAMF_BASE_URL=jamf.base_url,
        JAMF_CLIENT_ID=jamf.client_id,
        JAMF_CLIENT_SECRET=jamf.client_secret,
    )
    assert result.returncode == 0, result.stderr
    assert "would be done" in result.stdout
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
    listed = demo_command_line.json("quarantine", "list", "--limit", "500")
    assert listed["total"] == len(listed["quarantine"]) > 0
    entry = listed["quarantine"][0]
    shown = demo_command_line.json("quarantine", "show", str(entry["quarantine_id"]))["entry"]
    assert shown["reason"] == entry["reason"]
    assert not shown["is_over"]
    text = demo_command_line.run("quarantine", "list", "--limit", "1").stdout
    assert entry["reason"] in text
    assert (
        entry["detail"]
        in demo_command_line.run("quarantine", "show", str(entry["quarantine_id"])).stdout
    )
    unknown = demo_command_line.json("quarantine", "show", "999999", code=1)
    assert unknown["error"]["message"] == "There is no quarantine entry 999999."
