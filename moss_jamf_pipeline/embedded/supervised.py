"""The embedded PostgreSQL under its supervisor: started, restarted and ended by a process that owns it.

`python -m moss_jamf_pipeline.embedded.supervised`, started by `postgres.py` and by nothing else. It
lives in its own session, so Ctrl-C in the terminal of a client does not reach it.

That nobody uses the server any more it learns from a thread, which writes into a pipe when it gets
the clients' lock.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from moss_jamf_pipeline.embedded.account import account_for
from moss_jamf_pipeline.embedded.cluster import Cluster, stop
from moss_jamf_pipeline.embedded.errors import EmbeddedPostgresError
from moss_jamf_pipeline.embedded.layout import ServerDirectory, ServerRecord
from moss_jamf_pipeline.embedded.locks import (
    LockTimeoutError,
    lock_exclusively,
    lock_exclusively_within,
    try_lock_exclusively,
)
from moss_jamf_pipeline.embedded.supervisor import Supervisor

_UNNEEDED: Final = b"u"
_SECONDS_FOR_PREDECESSOR: Final = 30.0
_RESTARTS_PER_MINUTE: Final = 5
_MINUTE_SECONDS: Final = 60.0


class SupervisedPostgres:
    """Owns one server from its start to its end. To be made on the main thread.

    Args:
        directory: where the server lives.
        cluster: the server.
    """

    def __init__(self, directory: ServerDirectory, cluster: Cluster) -> None:
        self._directory = directory
        self._cluster = cluster
        self._supervisor = Supervisor({signal.SIGTERM})
        self._unneeded, self._unneeded_in = os.pipe()
        self._office: int | None = None
        self._clients_lock: int | None = None
        self._restarts: list[float] = []

    def start(self) -> tuple["subprocess.Popen[bytes]", ServerRecord]:
        """Become the supervisor of this directory and start its server.

        Raises:
            EmbeddedPostgresError: the server did not start; then this is no supervisor any more.
        """
        self._take_office()
        try:
            self._cluster.initialise()
            return self._cluster.start()
        except BaseException:
            self._leave_office()
            raise

    def stay(self, server: "subprocess.Popen[bytes]") -> None:
        """Return when the server has ended: unused, told to stop, or beyond restarting.

        Args:
            server: the postmaster.

        Raises:
            EmbeddedPostgresError: the server was killed and could not be started again.
        """
        self._watch_clients()
        stop(
            self._supervisor.stay(
                server, unneeded=self._unneeded, is_needed=self._is_kept, restart=self._restart
            )
        )
        self._leave_office()

    def _take_office(self) -> None:
        try:
            self._office = lock_exclusively_within(
                self._directory.supervisor_lock, _SECONDS_FOR_PREDECESSOR
            )
        except LockTimeoutError as error:
            raise EmbeddedPostgresError(
                f"Another supervisor holds {self._directory.supervisor_lock}.",
                remedy="stop it with `moss-jamf db stop`, then try again.",
            ) from error
        os.ftruncate(self._office, 0)
        os.write(self._office, f"{os.getpid()}\n".encode("ascii"))

    def _leave_office(self) -> None:
        """Give up the supervisor's lock before the clients' lock, which ends with this process.

        The other way round a waiting client could come in, see a supervisor, and believe in its
        server.
        """
        if self._office is not None:
            os.close(self._office)
            self._office = None

    def _watch_clients(self) -> None:
        def wait() -> None:
            self._clients_lock = lock_exclusively(self._directory.clients_lock)
            os.write(self._unneeded_in, _UNNEEDED)

        threading.Thread(target=wait, name="clients", daemon=True).start()

    def _is_kept(self) -> bool:
        """Whether the server stays although nobody uses it, until SIGTERM; then clients are let in again."""
        os.read(self._unneeded, len(_UNNEEDED))
        if not self._directory.keep_flag.exists():
            return False
        if self._clients_lock is not None:
            os.close(self._clients_lock)
            self._clients_lock = None
        return True

    def _restart(self, exit_code: int) -> "subprocess.Popen[bytes]":
        now = time.monotonic()
        self._restarts = [*(at for at in self._restarts if now - at < _MINUTE_SECONDS), now]
        if len(self._restarts) > _RESTARTS_PER_MINUTE:
            raise EmbeddedPostgresError(
                f"The server ended {len(self._restarts)} times within a minute "
                f"(exit code {exit_code}).",
                remedy="look for what kills it; the next command that needs it starts it again.",
            )
        _say(f"The server ended by itself (exit code {exit_code}); starting it again.")
        # Whoever asks for the server meanwhile waits, unless somebody holds this lock already:
        # waiting for him could wait for ever, since he may be waiting for the clients' lock, which
        # we may be about to get.
        start_lock = try_lock_exclusively(self._directory.start_lock)
        try:
            server, _ = self._cluster.start()
        finally:
            if start_lock is not None:
                os.close(start_lock)
        return server


def main(arguments: Sequence[str]) -> int:
    """Start the server, report to the process that asked for it, and stay until nobody needs it.

    Returns:
        The exit code: 0, or 1 if the server could not be started or kept.
    """
    parser = argparse.ArgumentParser(prog="supervisor", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--report-to", type=int, required=True, help="descriptor of a pipe")
    parser.add_argument(
        "--start-lock", type=int, required=True, help="descriptor of the start lock"
    )
    parser.add_argument("--setting", action="append", default=[], help="server setting, name=value")
    options = parser.parse_args(arguments)
    if os.fork() != 0:
        # The client waits for this process, and is not left with a child to reap.
        os._exit(0)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    directory = ServerDirectory(options.directory)
    report: dict[str, object]
    try:
        account = account_for(directory.path)
        settings = dict(setting.split("=", 1) for setting in options.setting)
        postgres = SupervisedPostgres(directory, Cluster(directory, account, settings))
        server, record = postgres.start()
        report = {"ready": record.port}
    except EmbeddedPostgresError as error:
        report = {"error": error.as_record()}
    # Also when the client is gone: then nobody reads it, and the server ends for want of clients.
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with open(options.report_to, "w", encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor
        json.dump(report, pipe)
    os.close(options.start_lock)
    if "error" in report:
        return 1
    try:
        postgres.stay(server)
    except EmbeddedPostgresError as error:
        _say(str(error))
        return 1
    return 0


def _say(sentence: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} supervisor: {sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
