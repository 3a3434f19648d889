"""`moss-jamf up`: serves until it is told to stop or one of its servers dies, and nothing of it is left."""

import signal
import socket
import stat
from collections.abc import Iterator

import httpx
import psutil
import pytest

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from tests.cli.conftest import SMALL_FLEET, CommandLine, all_ended, descendants
from tests.support.databases import UNSAFE_BUT_FAST


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """One `moss-jamf up`, on a port of its own.

    Attributes:
        directory: of the command line.
        address: of the Dagster UI.
        process: the command.
    """

    def __init__(self, command_line: CommandLine) -> None:
        port = _free_port()
        self.directory = command_line.directory
        self.address = f"http://127.0.0.1:{port}"
        self.process = command_line.start("up", f"--port={port}", *SMALL_FLEET)

    def wait_until_it_serves(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("Ctrl-C"):
                return
        raise AssertionError(self.process.communicate()[1])

    @property
    def servers(self) -> list[psutil.Process]:
        return descendants(self.process)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Service]]:
    """Two of them, because they take a while to start, side by side."""
    command_lines = [CommandLine(tmp_path_factory.mktemp("up")) for _ in range(2)]
    for command_line in command_lines:
        EmbeddedPostgres(
            command_line.state_directory / "postgres", UNSAFE_BUT_FAST
        ).start_and_keep()
    first, second = (Service(command_line) for command_line in command_lines)
    first.wait_until_it_serves()
    second.wait_until_it_serves()
    yield first, second
    for service, command_line in zip((first, second), command_lines, strict=True):
        service.process.kill()
        service.process.communicate()
        command_line.stop_database()


def test_it_serves_and_leaves_nothing_when_stopped(services: tuple[Service, Service]) -> None:
    service, _ = services
    started = service.servers
    running = "\n".join(" ".join(server.cmdline()) for server in started)
    for part in ("dagster_webserver", "dagster._daemon", "moss_jamf_pipeline.cli simulate"):
        assert part in running
    answer = httpx.post(
        f"{service.address}/graphql",
        json={
            "query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"
        },
        timeout=60,
        trust_env=False,
    ).json()
    jobs = [job["name"] for job in answer["data"]["repositoriesOrError"]["nodes"][0]["jobs"]]
    assert "sync_jamf" in jobs

    service.process.send_signal(signal.SIGINT)
    _, said = service.process.communicate()
    assert service.process.returncode == 0
    assert "Traceback" not in said
    assert all_ended(started)


def test_when_one_server_dies_it_says_which_and_stops_the_rest(
    services: tuple[Service, Service],
) -> None:
    _, service = services
    started = service.servers
    (daemon,) = [server for server in started if server.cmdline()[1:3] == ["-m", "dagster._daemon"]]
    daemon.kill()
    _, said = service.process.communicate()
    assert service.process.returncode == 1
    assert "The daemon ended by itself" in said
    assert "daemon.log" in said
    assert all_ended(started)


def test_a_port_in_use_is_an_error_before_anything_starts(command_line: CommandLine) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        result = command_line.run("up", f"--port={listener.getsockname()[1]}")
    assert result.returncode == 1
    assert "cannot listen" in result.stderr
    assert not command_line.state_directory.exists()


@pytest.mark.parametrize(
    ("host", "is_warned"),
    [("0.0.0.0", True), ("localhost", False)],
)
def test_case_s12_that_the_ui_has_no_log_in_is_said_where_others_reach_it(
    command_line: CommandLine, host: str, is_warned: bool
) -> None:
    # It goes no further: that would be a real JAMF and a private database.
    command_line.environment["JAMF_BASE_URL"] = "https://example.jamfcloud.com"
    said = command_line.run("up", "--host", host, f"--port={_free_port()}").stderr
    assert ("The Dagster UI has no log-in." in said) is is_warned
    assert "MOSS_DATABASE_URL is not set" in said


def test_case_s12_state_and_logs_are_for_their_owner_only(
    services: tuple[Service, Service],
) -> None:
    state = services[0].directory / "state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    logs = list((state / "logs").iterdir())
    assert {log.name for log in logs} >= {"webserver.log", "daemon.log"}
    assert {stat.S_IMODE(log.stat().st_mode) for log in logs} == {0o600}
