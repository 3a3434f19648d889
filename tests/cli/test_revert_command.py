"""`moss-jamf revert` as a person uses it: a run like any other, with what it leaves and why."""

import pytest

from tests.cli.conftest import CommandLine, query


@pytest.fixture
def imported(moss_command_line: CommandLine) -> tuple[CommandLine, int]:
    """A fleet that was imported, then changed by hand and synced again; the plan that overwrote the edits."""
    moss_command_line.sync_by_engine()
    url = moss_command_line.environment["MOSS_DATABASE_URL"]
    query(
        url,
        """update devices set os_version = 'by hand' where id in (
             select id from devices where os_version is not null order by hostname limit 3) returning id""",
    )
    return moss_command_line, moss_command_line.sync_by_engine()


def _edits(command_line: CommandLine) -> int:
    url = command_line.environment["MOSS_DATABASE_URL"]
    return len(query(url, "select id from devices where os_version = 'by hand'"))


def test_a_plan_is_undone_as_a_run_and_the_next_sync_writes_it_again(
    imported: tuple[CommandLine, int],
) -> None:
    command_line, plan = imported
    document = command_line.json("revert", str(plan), "--dry-run")
    assert [change["outcome"] for change in document["undone"]] == ["waiting"]
    assert _edits(command_line) == 0
    shown = command_line.json("plan", "show", str(document["plan_id"]))
    assert {field["rule"] for row in shown["changes"] for field in row["fields"]} == {"reverted"}
    command_line.json("apply", str(document["plan_id"]))
    assert _edits(command_line) == 3
    again = command_line.sync_by_engine()
    assert _edits(command_line) == 0

    asked = command_line.run("revert", str(again), stdin="n\n")
    assert asked.returncode == 1
    assert f"Undo this of plan {again}?" in asked.stderr
    assert _edits(command_line) == 0
    result = command_line.run(
        "revert", str(again), "--triggered-by", "ada@example.org", stdin="y\n"
    )
    assert result.returncode == 0, result.stderr
    assert "fields put back" in result.stdout
    assert "The next sync writes again what JAMF has." in result.stdout
    assert _edits(command_line) == 3
    (run,) = command_line.json("history", "--limit", "1")["runs"]
    assert run["status"] == "success"
    plans = command_line.json("plan", "list")["plans"]
    assert [(row["kind"], row["status"]) for row in plans[:2]] == [
        ("revert", "applied"),
        ("sync", "applied"),
    ]


def test_pinned_fields_stay_and_what_is_left_is_said_with_its_reason(
    imported: tuple[CommandLine, int],
) -> None:
    command_line, plan = imported
    url = command_line.environment["MOSS_DATABASE_URL"]
    (device,) = query(
        url,
        """update devices set os_version = 'a third value' where id in (
             select id from devices where os_version is not null order by hostname limit 1) returning id""",
    )
    document = command_line.json("revert", str(plan), "--type", "device", "--pin", "--yes")
    assert (document["reverts"], document["pinned"]) == (plan, 2)
    assert document["run"]["status"] == "partial"
    assert "1 change of devices was not undone" in document["run"]["message"]
    (left,) = document["not_undone"]
    assert left["object_id"] == str(device["id"])
    assert left["moved"]["os_version"]["present"] == "a third value"
    again = command_line.run("revert", str(plan), "--object", str(device["id"]), "--yes")
    assert again.returncode == 0, again.stderr
    assert "Nothing of it can be undone" in again.stdout
    assert "a third value (was written:" in " ".join(again.stdout.split())
    pins = command_line.json("conflicts", "list", "--status", "resolved", "--kind", "reverted")
    assert pins["total"] == 2
    command_line.sync_by_engine()
    assert _edits(command_line) == 2

    unknown = command_line.json("revert", "99999", "--yes", code=1)
    assert "There is no plan 99999" in unknown["error"]["message"]
    for arguments in (("--json",), ("--type", "mapping", "--yes")):
        assert command_line.run("revert", str(plan), *arguments).returncode == 2


def test_a_first_import_is_undone(moss_command_line: CommandLine) -> None:
    plan = moss_command_line.sync_by_engine()
    document = moss_command_line.json("revert", str(plan), "--yes")
    url = moss_command_line.environment["MOSS_DATABASE_URL"]
    assert document["not_undone"] == []
    for table in ("devices", "people", "ios", "locations", "rooms", "groups"):
        assert query(url, f"select id from {table}") == []
    assert query(url, "select id from integration_object_mappings") == []
