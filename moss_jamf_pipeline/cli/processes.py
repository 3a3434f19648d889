"""Servers that a command starts for as long as it runs: the simulator, Dagster's webserver and daemon.

Each runs under the supervisor (`embedded/supervisor.py`), which ends it and everything it started when the command
ends, is interrupted or killed.
What the servers say goes to a log file; warnings and errors are shown as well.
"""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import orjson
from rich.markup import escape

from moss_jamf_pipeline.cli.messages import Messages
from moss_jamf_pipeline.cli.options import DemoFleet
from moss_jamf_pipeline.cli.output import CommandFailed, stderr
from moss_jamf_pipeline.embedded import supervisor
from moss_jamf_pipeline.outputs import terminal_text
from moss_jamf_pipeline.scrubbing import scrubbed

# More than a supervisor grants the server and what the server left behind, one after the other.
_SECONDS_TO_END: Final = 60.0
# A message goes on for as long as its lines follow each other.
_SECONDS_TO_GO_ON: Final = 0.5


class Server:
    """A server process under a supervisor.

    Args:
        name: what people call it.
        command: the program and its arguments.
        log_file: where its output goes; None to hand standard output to the caller (`output`).
        environment: variables it gets besides ours.
        shows_everything: whether its whole output is shown, not only warnings and errors.
        is_kept_up: whether it is started again when it ends by itself.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_file: Path | None = None,
        environment: Mapping[str, str] | None = None,
        shows_everything: bool = False,
        is_kept_up: bool = False,
    ) -> None:
        self.name = name
        self.log_file = log_file
        self._shows_everything = shows_everything
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments
            [
                *(sys.executable, "-I", "-S", supervisor.__file__),
                *(["--keep-up"] if is_kept_up else []),
                *command,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if log_file is None else subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            text=True,
            errors="replace",
        )
        if log_file is not None:
            log_file.parent.mkdir(parents=True, exist_ok=True)
            threading.Thread(
                target=self._keep_output, args=(log_file,), name=f"{name} output", daemon=True
            ).start()

    @property
    def output(self) -> IO[str]:
        """Its standard output, if there is no log file."""
        if self._process.stdout is None or self.log_file is not None:
            raise RuntimeError(f"the output of {self.name} goes to {self.log_file}")
        return self._process.stdout

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Waits until it has ended by itself."""
        return self._process.wait()

    def restart(self) -> None:
        """Has a server that is kept up killed and started again; what it has started lives on."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.write("restart\n")
            self._process.stdin.flush()

    def let_go(self) -> None:
        """Tells it to end, and does not wait."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()

    def stop(self) -> None:
        """Tells it to end and waits until it and everything it started are gone."""
        self.let_go()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _keep_output(self, log_file: Path) -> None:
        """Keeps what the server says; what is worth it is shown, message by message."""
        if self._process.stdout is None:
            return
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(
            target=_read, args=(self._process.stdout, lines), name=f"{self.name} lines", daemon=True
        ).start()
        messages = Messages()
        with open(log_file, "w", encoding="utf-8", opener=_for_its_owner) as log:
            while True:
                try:
                    line = lines.get(timeout=_SECONDS_TO_GO_ON)
                except queue.Empty:
                    self._show(messages.end())
                    continue
                if line is None:
                    self._show(messages.end())
                    return
                log.write(line)
                log.flush()
                if self._shows_everything:
                    self._show(line.rstrip())
                else:
                    self._show(messages.take(line))

    def _show(self, message: str | None) -> None:
        if message:
            stderr.print(f"[dim]{self.name}[/] {escape(terminal_text(message))}", soft_wrap=True)


def _read(output: IO[str], lines: "queue.SimpleQueue[str | None]") -> None:
    for line in output:
        lines.put(scrubbed(line))
    lines.put(None)


def _for_its_owner(path: str, flags: int) -> int:
    """Opens a log, which names people and devices."""
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)  # one of an earlier version may be there
    return descriptor


class Servers:
    """The servers of a command.

    Attributes:
        is_told_to_end: whether `end_waiting` was called.
    """

    def __init__(self) -> None:
        self._servers: list[Server] = []
        self._events: queue.SimpleQueue[Server | None] = queue.SimpleQueue()
        self.is_told_to_end = False

    def add(self, server: Server) -> Server:
        """Takes charge of a server."""
        self._servers.append(server)
        threading.Thread(
            target=self._report_end, args=(server,), name=f"{server.name} end", daemon=True
        ).start()
        return server

    def wait(self) -> Server | None:
        """Returns the first server that ends by itself, or None after `end_waiting`."""
        return self._events.get()

    def first_ended(self) -> Server | None:
        """A server that has ended by itself so far; None if all run."""
        return next((server for server in self._servers if server.exit_code is not None), None)

    def end_waiting(self) -> None:
        """Makes `wait` return; may be called by a signal handler."""
        self.is_told_to_end = True
        self._events.put(None)

    def stop(self) -> None:
        """Ends all servers, at the same time."""
        for server in self._servers:
            server.let_go()
        for server in self._servers:
            server.stop()

    def _report_end(self, server: Server) -> None:
        server.wait()
        self._events.put(server)


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Servers that end with the block."""
    servers = Servers()
    try:
        yield servers
    finally:
        servers.stop()


class SimulatedJamf:
    """A simulated JAMF Pro in a process of its own. It begins to start at once; `environment` waits until it answers.

    Args:
        fleet: what it serves.
        further_attributes: extension attributes that make its records heavier.
    """

    def __init__(self, fleet: DemoFleet, further_attributes: int = 0) -> None:
        command = [
            sys.executable,
            "-m",
            "moss_jamf_pipeline.cli",
            "simulate",
            "--json",
            *fleet.as_arguments(),
            f"--further-attributes={further_attributes}",
        ]
        self.server = Server("simulator", command)
        self._announced: dict[str, str] | None = None

    def environment(self) -> dict[str, str]:
        """The environment by which the pipeline finds it. Waits until it answers.

        Raises:
            CommandFailed: it did not start; it said why on standard error.
        """
        if self._announced is None:
            line = self.server.output.readline()
            if not line.startswith("{"):
                raise CommandFailed(
                    "The simulated JAMF Pro did not start.", "See its message above."
                )
            self._announced = orjson.loads(line)
        return {
            "JAMF_BASE_URL": self._announced["base_url"],
            "JAMF_CLIENT_ID": self._announced["client_id"],
            "JAMF_CLIENT_SECRET": self._announced["client_secret"],
            # It is a JAMF Pro server, whatever somebody has set for a real one.
            "JAMF_CONNECTION": "server",
            "JAMF_ENVIRONMENT_ID": "",
            "JAMF_TENANT_ID": "",
        }


@contextmanager
def simulated_jamf(fleet: DemoFleet, further_attributes: int = 0) -> Iterator[SimulatedJamf]:
    """A simulated JAMF Pro that ends with the block."""
    jamf = SimulatedJamf(fleet, further_attributes)
    try:
        yield jamf
    finally:
        jamf.server.stop()
