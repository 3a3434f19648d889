"""`moss-jamf demo`: it writes what it says, nothing the second time, and leaves nothing behind."""

import json
import signal
from collections.abc import Iterator

import psycopg
import pytest

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
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


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A shell in which demos come to no good end."""
    command_line = CommandLine(tmp_path_factory.mktemp("interrupted"))
    yield command_line
    command_line.stop_database()


def test_ctrl_c_ends_the_demo_closes_its_history_and_frees_its_pools(
    interrupted: CommandLine,
) -> None:
    demo = interrupted.start("demo", *SMALL_FLEET)
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
    with EmbeddedPostgres(interrupted.state_directory / "postgres").connect_lease() as lease:
        (run,) = query(
            lease.url("moss"), "select status, error_message from integration_sync_history"
        )
        assert query(lease.url("dagster"), "select * from pending_steps") == []
    assert run["status"] == "failed"
    assert "interrupted" in run["error_message"]


def test_a_killed_demo_leaves_no_process_and_the_next_run_closes_its_history(
    interrupted: CommandLine,
) -> None:
    demo = interrupted.start("demo", *SMALL_FLEET)
    assert demo.stderr is not None
    while "raw_jamf_users" not in demo.stderr.readline():
        pass
    servers = descendants(demo)
    assert len(servers) == 2  # the simulator and its supervisor
    demo.kill()
    demo.communicate()
    wait_until(lambda: all_ended(servers))

    assert interrupted.run("sync").returncode == 1  # no JAMF is configured
    newest, killed, *_ = interrupted.json("history")["runs"]
    assert "No JAMF Pro server is configured" in newest["error_message"]
    assert killed["status"] == "failed"
    assert "killed" in killed["error_message"]


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


def test_the_demo_does_not_touch_a_real_jamf(command_line: CommandLine) -> None:
    result = command_line.run("demo", JAMF_BASE_URL="https://example.jamfcloud.com")
    assert result.returncode == 1
    assert "simulated Macs only" in result.stderr
    assert not command_line.state_directory.exists()
