"""`moss-jamf conflicts` as a person uses it: look at the queue, decide, take back."""

import pytest

from tests.cli.conftest import CommandLine, query

_TAG = "select asset_tag from devices where id = '{}'"
_BULK = ("conflicts", "resolve", "--kind", "owned_field_differs", "--field", "asset_tag")


@pytest.fixture
def disputed(moss_command_line: CommandLine) -> tuple[CommandLine, list[str]]:
    """A synced fleet of which people changed two asset tags; the devices' ids."""
    moss_command_line.sync_by_engine()
    url = moss_command_line.environment["MOSS_DATABASE_URL"]
    devices = query(
        url,
        """update devices set asset_tag = 'MINE-' || row_number from (
             select id as device_id, row_number() over (order by hostname) as row_number
             from devices where asset_tag is not null order by hostname limit 2
           ) as chosen where id = device_id returning id""",
    )
    assert len(devices) == 2
    moss_command_line.sync_by_engine()
    return moss_command_line, [str(row["id"]) for row in devices]


def _open(command_line: CommandLine) -> dict[str, int]:
    """Device to the number of its open conflict over the asset tag."""
    listed = command_line.json("conflicts", "list", "--field", "asset_tag")
    assert listed["total"] == len(listed["conflicts"])
    return {row["object_id"]: row["conflict_id"] for row in listed["conflicts"]}


# A sync takes seconds, so one world serves for several stories.
def test_conflicts_are_looked_at_decided_taken_back_and_carried_out(
    disputed: tuple[CommandLine, list[str]],
) -> None:
    command_line, (device, other) = disputed
    numbers = _open(command_line)
    assert set(numbers) == {device, other}
    _assert_unclear_requests_are_wrong_usage(command_line)
    _assert_bulk_decisions_are_asked_about_and_taken_back(command_line)
    assert _open(command_line) == numbers
    _assert_impossible_decisions_are_refused(command_line, str(numbers[other]))
    _assert_a_decision_is_carried_out(command_line, device, other, str(numbers[device]))


def _assert_unclear_requests_are_wrong_usage(command_line: CommandLine) -> None:
    for unclear in (
        ("1",),
        ("1", "--pin", "--take-jamf"),
        ("1", "--pin", "--reopen"),
        ("--pin",),
        ("1", "--kind", "twin_record", "--keep-moss"),
        ("--kind", "owned_field_differs", "--keep-moss", "--json"),
    ):
        assert command_line.run("conflicts", "resolve", *unclear).returncode == 2


def _assert_bulk_decisions_are_asked_about_and_taken_back(command_line: CommandLine) -> None:
    asked = command_line.run(*_BULK, "--keep-moss", stdin="n\n")
    assert asked.returncode == 1
    assert "2 conflicts: keep M.O.S.S.?" in asked.stderr
    assert len(_open(command_line)) == 2
    agreed = command_line.run(*_BULK, "--keep-moss", stdin="y\n")
    assert agreed.returncode == 0, agreed.stderr
    assert "2 conflicts are decided" in agreed.stdout
    assert _open(command_line) == {}
    assert command_line.json(*_BULK, "--pin", "--yes")["decided"] == 0
    assert len(command_line.json(*_BULK, "--reopen", "--yes")["waiting"]) == 2


def _assert_impossible_decisions_are_refused(command_line: CommandLine, number: str) -> None:
    url = command_line.environment["MOSS_DATABASE_URL"]
    rename = "update jamf_sync.conflicts set kind = '{}' where conflict_id = {} returning 1"
    query(url, rename.format("twin_record", number))
    refused = command_line.run("conflicts", "resolve", number, "--take-jamf")
    query(url, rename.format("owned_field_differs", number))
    assert refused.returncode == 1
    assert "'take JAMF' cannot be decided on a conflict of the kind twin_record" in refused.stderr
    assert "twin_record: keep M.O.S.S." in refused.stderr
    unknown = command_line.json("conflicts", "resolve", "99999", "--pin", code=1)
    assert unknown["error"]["message"] == "There is no conflict 99999."


def _assert_a_decision_is_carried_out(
    command_line: CommandLine, device: str, other: str, number: str
) -> None:
    url = command_line.environment["MOSS_DATABASE_URL"]
    shown = command_line.json("conflicts", "show", number)
    conflict = shown["conflict"]
    assert conflict["moss_value"].startswith("MINE-")
    assert conflict["base_value"] == conflict["jamf_value"]
    assert conflict["last_seen_in_plan"] == conflict["opened_by_plan"]
    assert set(shown["resolutions"]) == {"keep_moss", "take_jamf", "pin"}
    text = command_line.run("conflicts", "show", number).stdout
    for words in ("first seen in plan", "--take-jamf", "base: what the sync last wrote", "linked"):
        assert words in text
    decided = command_line.run(
        *("conflicts", "resolve", number, "--take-jamf"),
        *("--reason", "The label was printed anew.", "--by", "ada@example.org"),
    ).stdout
    values = f"JAMF has {conflict['jamf_value']}, M.O.S.S. has {conflict['moss_value']}."
    name = f"{conflict['label']} · {conflict['serial_number']}"
    assert f"device {name}, asset_tag: {values}" in decided
    assert "1 conflict is decided" in decided
    listed = command_line.json("conflicts", "list", "--status", "resolved")["conflicts"]
    assert [(row["resolved_by"], row["resolution_reason"]) for row in listed] == [
        ("ada@example.org", "The label was printed anew.")
    ]
    assert "take JAMF" in command_line.run("conflicts", "list", "--status", "resolved").stdout

    command_line.json("sync")
    (row,) = query(url, _TAG.format(device))
    assert row["asset_tag"] == conflict["jamf_value"]
    (row,) = query(url, _TAG.format(other))
    assert row["asset_tag"].startswith("MINE-")
    closed = command_line.json("conflicts", "show", number)["conflict"]
    assert (closed["status"], closed["carried_out_by_plan"] is not None) == ("closed", True)
    refused = command_line.json("conflicts", "resolve", number, "--reopen", code=1)
    assert "was carried out by plan" in refused["error"]["message"]
