"""A server that is kept up is started again when it ends, or does not answer; what it started lives on meanwhile."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from moss_jamf_pipeline.cli.processes import Server, running_servers
from tests.cli.conftest import all_ended, wait_until

# Notes its own process and that of a child, and waits.
_PROGRAM = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1], "a") as file:
    file.write(f"{__import__('os').getpid()} {child.pid}\\n")
time.sleep(600)
"""
_ENDING = "import sys; open(sys.argv[1], 'a').write('1 1\\n'); sys.exit(3)"


def _started(notes: Path) -> list[tuple[int, int]]:
    """The processes so far, each with its child."""
    if not notes.exists():
        return []
    lines = [line.split() for line in notes.read_text().splitlines()]
    return [(int(server), int(child)) for server, child in lines]


def _server(notes: Path, program: str) -> Server:
    return Server(
        "tried server",
        [sys.executable, "-c", program, str(notes)],
        log_file=notes.with_suffix(".log"),
        is_kept_up=True,
    )


@pytest.mark.parametrize("number", ["KILL", "STOP"])
def test_case_s15_a_server_that_dies_or_hangs_is_started_again_and_its_children_live_on(
    tmp_path: Path, number: str, capfd: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes"
    server = _server(notes, _PROGRAM)
    wait_until(lambda: len(_started(notes)) == 1)
    ((first, child),) = _started(notes)
    processes = [psutil.Process(pid) for pid in (first, child)]

    if number == "KILL":
        processes[0].kill()
    else:
        processes[0].suspend()
        server.restart()

    wait_until(lambda: len(_started(notes)) == 2)
    assert processes[1].is_running()
    assert processes[1].status() != psutil.STATUS_ZOMBIE
    processes += [psutil.Process(pid) for pid in _started(notes)[1]]
    server.stop()
    assert all_ended(processes)
    log = notes.with_suffix(".log").read_text()
    assert "It ended by itself (signal 9), and is started again." in log
    assert ("It does not answer, and is killed." in log) == (number == "STOP")


def test_a_server_that_ends_over_and_over_is_let_end(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    server = _server(notes, _ENDING)
    assert server.wait() == 3
    assert len(_started(notes)) == 6


def test_nothing_of_it_is_left_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    starter = os.fork()
    if starter == 0:
        _server(notes, _PROGRAM)
        wait_until(lambda: len(_started(notes)) == 1)
        os._exit(0)
    os.waitpid(starter, 0)
    ((first, child),) = _started(notes)
    wait_until(lambda: not psutil.pid_exists(first) and not psutil.pid_exists(child))


def test_of_several_servers_the_one_that_ends_is_named_and_none_is_left(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with running_servers() as servers:
        servers.add(_server(notes, _PROGRAM))
        wait_until(lambda: len(_started(notes)) == 1)
        mortal = servers.add(
            Server(
                "mortal server",
                [sys.executable, "-c", "raise SystemExit(3)"],
                log_file=notes.with_suffix(".end"),
            )
        )
        assert servers.wait() is mortal
        assert mortal.exit_code == 3
        assert servers.first_ended() is mortal
        kept = [psutil.Process(pid) for pid in _started(notes)[0]]
    assert all_ended(kept)
