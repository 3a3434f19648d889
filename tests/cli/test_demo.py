"""`moss-jamf demo`: what it writes is counted by PostgreSQL, the second time it is nothing, and it leaves nothing behind."""

import json
import signal

import psycopg
import pytest

from tests.cli.conftest import (
    SMALL_FLEET,
    CommandLine,
    all_ended,
    descendants,
    query,
    wait_until,
)

_TABLE_OF = {
    "location": "locations",
    "room": "rooms",
    "person": "people",
    "device": "devices",
    "io": "ios",
    "group": "groups",
    "group_member": "group_members",
}


def test_the_demo_writes_exactly_what_it_says(demo_command_line: CommandLine) -> None:
    first = json.loads((demo_command_line.directory / "first.json").read_text())
    assert first["status"] in {"success", "partial"}
    assert first["applied"]
    for count in first["counts"]:
        written = first["writes"][_TABLE_OF[count["object_type"]]]
        assert written == {"inserted": count["created"], "updated": 0, "deleted": 0}
    assert first["writes"]["devices"]["inserted"] > 30
    assert all(device["person"] and device["location"] for device in first["devices"])


def test_the_second_demo_writes_nothing_and_says_so(demo_command_line: CommandLine) -> None:
    result = demo_command_line.run("demo", *SMALL_FLEET)
    assert result.returncode == 0, result.stderr
    assert "0 rows were written" in result.stdout
    assert "moss_devices" in result.stderr  # progress


def test_a_killed_demo_leaves_no_process_and_the_next_run_closes_its_history(
    command_line: CommandLine,
) -> None:
    demo = command_line.start("demo", *SMALL_FLEET)
    assert demo.stderr is not None
    while "raw_jamf_users" not in demo.stderr.readline():
        pass
    servers = descendants(demo)
    assert len(servers) == 2  # the simulator and its guard
    demo.kill()
    demo.communicate()
    wait_until(lambda: all_ended(servers))

    assert command_line.run("demo", *SMALL_FLEET).returncode == 0
    runs = command_line.json("history")["runs"]
    assert [run["status"] for run in runs][1:] == ["failed"]
    assert "killed" in runs[1]["error_message"]


def test_ctrl_c_ends_the_demo_with_its_history_closed(command_line: CommandLine) -> None:
    demo = command_line.start("demo", *SMALL_FLEET)
    assert demo.stderr is not None
    while "raw_jamf_users" not in demo.stderr.readline():
        pass
    servers = descendants(demo)
    demo.send_signal(signal.SIGINT)
    _, rest = demo.communicate()
    assert demo.returncode == 1
    assert "interrupted" in rest
    assert "Traceback" not in rest
    wait_until(lambda: all_ended(servers))
    (run,) = command_line.json("history")["runs"]
    assert run["status"] == "failed"
    assert "interrupted" in run["error_message"]


def test_simulated_macs_never_get_into_a_real_inventory(moss_command_line: CommandLine) -> None:
    url = moss_command_line.environment["MOSS_DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into devices (hostname, device_type) values ('press-3', 'Workstation')"
        )
    del moss_command_line.environment["JAMF_BASE_URL"]

    result = moss_command_line.run("demo", *SMALL_FLEET)

    assert result.returncode == 1
    assert "1 devices that the simulator did not make" in result.stderr
    assert "What to do:" in result.stderr
    assert query(url, "select hostname from devices") == [{"hostname": "press-3"}]


@pytest.mark.parametrize("arguments", [["demo"], ["demo", "--json"]])
def test_the_demo_does_not_touch_a_real_jamf(
    command_line: CommandLine, arguments: list[str]
) -> None:
    result = command_line.run(*arguments, JAMF_BASE_URL="https://example.jamfcloud.com")
    assert result.returncode == 1
    assert "simulated Macs only" in result.stderr
    assert not command_line.state_directory.exists()
