"""Embedded servers to be maltreated, each in a directory of its own, and what may not survive."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from moss_jamf_pipeline.embedded.layout import ServerDirectory
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from tests.support.databases import UNSAFE_BUT_FAST

_SECONDS_TO_END = 60.0

_CLIENT = """
import sys
from pathlib import Path
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
settings = dict(setting.split("=", 1) for setting in sys.argv[2:])
lease = EmbeddedPostgres(Path(sys.argv[1]), settings).connect_lease()
print(lease.status().port, flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Server:
    """An embedded server and the processes that make it up."""

    postgres: EmbeddedPostgres
    files: ServerDirectory

    @property
    def supervisor(self) -> psutil.Process:
        return psutil.Process(int(self.files.supervisor_lock.read_text()))

    @property
    def postmaster(self) -> psutil.Process:
        return psutil.Process(int((self.files.data / "postmaster.pid").read_text().split()[0]))

    @property
    def processes(self) -> list[psutil.Process]:
        return [self.supervisor, self.postmaster]

    def survivors(self) -> list[psutil.Process]:
        """The supervisors and postmasters of this directory that are alive."""
        return [process for process in psutil.process_iter() if self._is_part(process)]

    def _is_part(self, process: psutil.Process) -> bool:
        try:
            command = process.cmdline()
        except psutil.Error:
            return False  # it has just ended
        is_server = any(part.endswith((".supervised", "/bin/postgres")) for part in command)
        return is_server and any(part.startswith(str(self.files.path)) for part in command)


class Client:
    """Another process that uses the server until it is let go or killed."""

    def __init__(self, directory: Path) -> None:
        settings = [f"{name}={value}" for name, value in UNSAFE_BUT_FAST.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CLIENT, str(directory), *settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def wait_for_port(self) -> int:
        """The server's port, once this client has its lease."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def end(self) -> None:
        """Let the process end by itself, if it still runs."""
        self.process.communicate()


def wait_until_gone(processes: list[psutil.Process]) -> None:
    """Return when all these processes have ended; fail if they do not within a minute."""
    deadline = time.monotonic() + _SECONDS_TO_END
    while any(_is_alive(process) for process in processes):
        assert time.monotonic() < deadline, f"still alive: {processes}"
        time.sleep(0.005)


def _is_alive(process: psutil.Process) -> bool:
    # One that nobody has reaped yet (slow in some containers) has ended all the same.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that nobody has started yet, below a directory that only its owner may enter."""
    with tempfile.TemporaryDirectory(prefix="moss-jamf-embedded-") as parent:
        directory = Path(parent) / "state" / "postgres"
        postgres = EmbeddedPostgres(directory, UNSAFE_BUT_FAST)
        server = Server(postgres, ServerDirectory(directory))
        try:
            yield server
        finally:
            postgres.stop()
            survivors = server.survivors()
            try:
                wait_until_gone(survivors)  # a supervisor that has left office needs a moment more
            except AssertionError:
                for process in survivors:
                    process.kill()
                raise


@pytest.fixture
def start_client(server: Server) -> Iterator[Callable[[], Client]]:
    """Starts client processes of the server; those still alive are ended after the test."""
    clients: list[Client] = []

    def start() -> Client:
        clients.append(Client(server.files.path))
        return clients[-1]

    yield start
    for client in clients:
        client.end()


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="a Linux mechanism")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="about running as root")
