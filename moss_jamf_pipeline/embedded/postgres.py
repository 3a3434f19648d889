"""The embedded PostgreSQL as the rest of the project uses it: lease, start, stop, look."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import moss_jamf_pipeline
from moss_jamf_pipeline.embedded.account import account_for
from moss_jamf_pipeline.embedded.cluster import HOST, clean_environment
from moss_jamf_pipeline.embedded.errors import (
    USE_ANOTHER_SERVER,
    EmbeddedPostgresError,
    end_of_log,
)
from moss_jamf_pipeline.embedded.layout import ROLE, ServerDirectory
from moss_jamf_pipeline.embedded.locks import (
    is_locked_exclusively,
    lock_exclusively,
    lock_shared,
    wait_until_unlocked,
)

__all__ = ["EmbeddedLease", "EmbeddedPostgres", "EmbeddedPostgresError", "EmbeddedStatus"]


@dataclass(frozen=True)
class EmbeddedStatus:
    """What can be said of the server without touching it.

    Attributes:
        is_running: whether it runs (or is just starting or stopping).
        is_kept: whether it stays when nobody uses it.
        port: its TCP port on 127.0.0.1, also while it is stopped; None before its first start.
        version: PostgreSQL's version, e.g. `18.4`; None before its first start.
        directory: where it lives.
    """

    is_running: bool
    is_kept: bool
    port: int | None
    version: str | None
    directory: Path


class EmbeddedPostgres:
    """The PostgreSQL server of one directory, shared by all processes that name this directory.

    Args:
        directory: where its data, password, locks and log are kept; made when the server is first
            started.
        settings: server settings that replace the built-in ones, e.g. `{"fsync": "off"}`. They
            count for the process that happens to start the server.
    """

    def __init__(self, directory: Path, settings: Mapping[str, str] | None = None) -> None:
        self._directory = ServerDirectory(directory.absolute())
        self._settings = dict(settings or {})

    def connect_lease(self) -> "EmbeddedLease":
        """Use the server, starting it if it does not run.

        The lease holds a lock. When no process holds one any more, however they ended, the server
        is shut down.

        Raises:
            EmbeddedPostgresError: the server cannot be started.
        """
        self._directory.prepare(account_for(self._directory.path))
        with self._deciding_to_start() as start_lock:
            # Waits for a supervisor that has begun to end the server; while we have it none begins.
            clients_lock = lock_shared(self._directory.clients_lock)
            try:
                self._start_unless_running(start_lock)
                return EmbeddedLease(self, clients_lock)
            except BaseException:
                os.close(clients_lock)
                raise

    def start_and_keep(self) -> EmbeddedStatus:
        """Start the server and let it run when nobody uses it, until `stop`.

        Raises:
            EmbeddedPostgresError: the server cannot be started.
        """
        with self.connect_lease():
            self._directory.keep_flag.touch(mode=0o600)
            self._directory.give_to_owner(
                self._directory.keep_flag, account_for(self._directory.path)
            )
        return self.status()

    def stop(self) -> bool:
        """Shut the server down, also under processes that use it, and wait until it is gone.

        Returns:
            Whether it ran.

        Raises:
            EmbeddedPostgresError: it was started by another user.
        """
        if not self._directory.path.exists():
            return False
        with self._deciding_to_start():
            self._directory.keep_flag.unlink(missing_ok=True)
            if not is_locked_exclusively(self._directory.supervisor_lock):
                return False
            supervisor = int(self._directory.supervisor_lock.read_text(encoding="ascii"))
            try:
                os.kill(supervisor, signal.SIGTERM)
            except ProcessLookupError:
                pass  # it has just ended by itself
            except PermissionError as error:
                raise EmbeddedPostgresError(
                    f"The server in {self._directory.path} was started by another user "
                    f"(process {supervisor}).",
                    remedy="stop it as that user.",
                ) from error
            wait_until_unlocked(self._directory.supervisor_lock)
            return True

    def status(self) -> EmbeddedStatus:
        """What can be said of the server; starts and creates nothing.

        Raises:
            EmbeddedPostgresError: its directory cannot be read.
        """
        with self._explaining_file_errors():
            record = self._directory.record()
            return EmbeddedStatus(
                is_running=is_locked_exclusively(self._directory.supervisor_lock),
                is_kept=self._directory.keep_flag.exists(),
                port=record.port if record else None,
                version=record.version if record else None,
                directory=self._directory.path,
            )

    def url(self, database: Literal["moss", "dagster"]) -> str:
        """The URL of a database, with the password. It answers for sure while a lease is held."""
        record = self._directory.record()
        if record is None:
            raise EmbeddedPostgresError(
                f"The server in {self._directory.path} has never run, so it has no address.",
                remedy="start it with `moss-jamf db start`.",
            )
        return f"postgresql://{ROLE}:{self._directory.password()}@{HOST}:{record.port}/{database}"

    def restart_if_ended(self) -> None:
        """Start the server again if it was ended under our lease; otherwise cost next to nothing.

        Raises:
            EmbeddedPostgresError: the server cannot be started.
        """
        if not is_locked_exclusively(self._directory.supervisor_lock):
            self._directory.prepare(account_for(self._directory.path))
            with self._deciding_to_start() as start_lock:
                self._start_unless_running(start_lock)

    @contextmanager
    def _deciding_to_start(self) -> Iterator[int]:
        """Hold the start lock: one process decides, the others wait until the server is ready."""
        with self._explaining_file_errors():
            start_lock = lock_exclusively(self._directory.start_lock)
        try:
            yield start_lock
        finally:
            os.close(start_lock)

    @contextmanager
    def _explaining_file_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._directory.unusable(error) from error

    def _start_unless_running(self, start_lock: int) -> None:
        if is_locked_exclusively(self._directory.supervisor_lock):
            return
        self._directory.shorten_log()
        answer = self._run_supervisor(start_lock)
        if not answer:
            raise EmbeddedPostgresError(
                f"The supervisor of the embedded PostgreSQL in {self._directory.path} ended before "
                "the server was ready.",
                remedy=f"remove the cause the log names, or {USE_ANOTHER_SERVER}.",
                log=end_of_log(self._directory.log_file),
            )
        report = json.loads(answer)
        if "error" in report:
            raise EmbeddedPostgresError.from_record(report["error"])

    def _run_supervisor(self, start_lock: int) -> str:
        """Start the supervisor and wait for its report; empty if it died before.

        It shares the start lock, so that others wait for the server even if this process is killed.
        """
        # The supervisor finds the same packages as we do, whatever made ours importable.
        import_path = [
            str(Path(moss_jamf_pipeline.__file__).parent.parent),
            *filter(None, sys.path),
        ]
        report, report_in = os.pipe()
        command = [
            sys.executable,
            "-m",
            "moss_jamf_pipeline.embedded.supervised",
            str(self._directory.path),
            f"--report-to={report_in}",
            f"--start-lock={start_lock}",
            *(f"--setting={name}={value}" for name, value in self._settings.items()),
        ]
        with os.fdopen(report, encoding="utf-8") as pipe:
            try:
                with self._directory.log_file.open("ab") as log:
                    subprocess.run(  # noqa: S603 - our own arguments
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        cwd=self._directory.path,
                        env={
                            **clean_environment(),
                            "PYTHONPATH": os.pathsep.join(import_path),
                            "PYTHONSAFEPATH": "1",
                        },
                        pass_fds=(report_in, start_lock),
                        start_new_session=True,
                        check=False,
                    )
            finally:
                os.close(report_in)
            return pipe.read()


class EmbeddedLease:
    """The right to a running server, held until it is released or this process ends.

    A child process made by `fork` shares it; any other child needs its own.

    Args:
        postgres: the server.
        clients_lock: the descriptor that holds the clients' lock.
    """

    def __init__(self, postgres: EmbeddedPostgres, clients_lock: int) -> None:
        self._postgres = postgres
        self._clients_lock: int | None = clients_lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def url(self, database: Literal["moss", "dagster"]) -> str:
        """The URL, `postgresql://moss:password@127.0.0.1:port/database`, of a database."""
        return self._postgres.url(database)

    def restart_if_ended(self) -> None:
        """Start the server again if it was stopped or killed under this lease."""
        self._postgres.restart_if_ended()

    def status(self) -> EmbeddedStatus:
        """What can be said of the server now."""
        return self._postgres.status()

    def release(self) -> None:
        """Give the lease back, and the server ends if it was the last one. Twice is harmless."""
        if self._clients_lock is not None:
            os.close(self._clients_lock)
            self._clients_lock = None
