"""`moss-jamf up`: serves until it is told to stop, and nothing of it is left."""

import signal
import socket
import subprocess

import httpx
import psutil
import pytest

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from tests.cli.conftest import SMALL_FLEET, CommandLine, all_ended, descendants, wait_until


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(command_line: CommandLine) -> tuple["subprocess.Popen[str]", str]:
    """Starts it and waits until it says that it serves."""
    port = _free_port()
    up = command_line.start("up", f"--port={port}", *SMALL_FLEET)
    assert up.stdout is not None
    for line in up.stdout:
        if line.startswith("Ctrl-C"):
            return up, f"http://127.0.0.1:{port}"
    raise AssertionError(up.communicate()[1])


def _command_lines(processes: list[psutil.Process]) -> str:
    return "\n".join(" ".join(process.cmdline()) for process in processes)


def test_it_serves_and_leaves_nothing_when_stopped(command_line: CommandLine) -> None:
    up, address = _start(command_line)
    started = descendants(up)
    running = _command_lines(started)
    for part in ("dagster_webserver", "dagster._daemon", "moss_jamf_pipeline.cli simulate"):
        assert part in running
    answer = httpx.post(
        f"{address}/graphql",
        json={
            "query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"
        },
        timeout=60,
        trust_env=False,
    ).json()
    jobs = [job["name"] for job in answer["data"]["repositoriesOrError"]["nodes"][0]["jobs"]]
    assert "sync_jamf" in jobs

    up.send_signal(signal.SIGINT)
    up.communicate()
    assert up.returncode == 0
    assert all_ended(started)
    assert not EmbeddedPostgres(command_line.state_directory / "postgres").status().is_kept


@pytest.mark.parametrize("is_killed", [False, True], ids=["a server dies", "it is killed itself"])
def test_nothing_is_left_when_something_dies(command_line: CommandLine, is_killed: bool) -> None:
    up, _ = _start(command_line)
    started = descendants(up)
    if is_killed:
        up.kill()
        up.communicate()
    else:
        (daemon,) = [
            process
            for process in started
            if "dagster._daemon" in process.cmdline()
            and "guard.py" not in " ".join(process.cmdline())
        ]
        daemon.kill()
        _, said = up.communicate()
        assert up.returncode == 1
        assert "The daemon ended by itself" in said
    wait_until(lambda: all_ended(started))


def test_a_port_in_use_is_an_error_before_anything_starts(command_line: CommandLine) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        result = command_line.run("up", f"--port={listener.getsockname()[1]}")
    assert result.returncode == 1
    assert "cannot listen" in result.stderr
    assert not command_line.state_directory.exists()
