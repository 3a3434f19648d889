"""Starting and stopping: a free port, a real readiness, one process of its own."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer, SimulatorStartError

SERVE = """
from moss_jamf_pipeline.simulator import SimulatorConfig, serve
serve(SimulatorConfig(computers=5, groups=3), on_ready=lambda url: print(url, flush=True))
"""


def test_two_servers_run_beside_each_other_and_stop() -> None:
    config = SimulatorConfig(computers=1, groups=0)
    with SimulatorServer(config) as first, SimulatorServer(config) as second:
        assert first.base_url != second.base_url
        for server in (first, second):
            assert httpx.get(f"{server.base_url}/api/v1/health-check").status_code == 204
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{first.base_url}/api/v1/health-check")


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = SimulatorServer(SimulatorConfig(computers=1, groups=0, port=port))
        with pytest.raises(SimulatorStartError, match=f"127.0.0.1:{port}.*Choose another port"):
            server.start()


def test_a_server_that_was_not_started_has_no_address() -> None:
    with pytest.raises(SimulatorStartError, match="call start"):
        _ = SimulatorServer(SimulatorConfig(computers=1, groups=0)).base_url


def test_serving_in_the_foreground_says_where_and_ends_on_a_signal() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        assert httpx.get(f"{base_url}/simulator").json()["computers"] == 5
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0


@pytest.mark.parametrize("version", ["", "11", "eleven.thirty", "11.30.x"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="no JAMF Pro version"):
        SimulatorConfig(version=version)


def test_a_file_without_key_and_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "server.pem"
    file.write_text("neither")
    with pytest.raises(SimulatorStartError, match=f"{file} does not hold a key and a certificate"):
        SimulatorServer(SimulatorConfig(computers=1, certificate=file)).start()
