"""Runs tests on every other PostgreSQL of this machine: `python -m tests.support.other_servers -- -q tests/db`.

The tests themselves run on the embedded PostgreSQL 18. This finds the servers of other major versions that are
installed, starts each on a temporary data directory on loopback (never one that is in use), runs pytest against it, and
says which versions it ran. With none on the machine it says so and succeeds.
"""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from moss_jamf_pipeline.embedded.account import Account, account_for
from moss_jamf_pipeline.embedded.cluster import HOST, clean_environment, find_binaries
from moss_jamf_pipeline.embedded.launcher import Launch
from tests.support.databases import UNSAFE_BUT_FAST, connect_when_ready
from tests.support.scratch import take_scratch_directory

OLDEST_SUPPORTED: Final = 14
"""The oldest major version that M.O.S.S. and the pipeline support."""

# Debian and Ubuntu, Red Hat, from source, Homebrew, Postgres.app.
_PLACES: Final = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
_ROLE: Final = "tests"
# One that folds letters beyond ASCII, as the embedded server's does.
_LOCALE: Final = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
_SECONDS_TO_STOP: Final = 60.0


@dataclass(frozen=True)
class RunningServer:
    """A server that runs.

    Attributes:
        url: of a database, with a superuser's name and password.
        log_file: what it says.
    """

    url: str = field(repr=False)
    log_file: Path


@dataclass(frozen=True, order=True)
class Installation:
    """The programs of one PostgreSQL.

    Attributes:
        major: its major version.
        minor: its minor version.
        binaries: the directory of `postgres` and `initdb`.
    """

    major: int
    minor: int
    binaries: Path

    @property
    def version(self) -> str:
        """The version as PostgreSQL writes it, e.g. `15.17`."""
        return f"{self.major}.{self.minor}"


def main(arguments: Sequence[str]) -> int:
    """Runs pytest once per server.

    Args:
        arguments: pytest's, after an optional `--`.

    Returns:
        The exit code: that of the first run of pytest that failed, else 0.
    """
    # Also whoever terminates this leaves no server and no directory behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pytest_arguments = [argument for argument in arguments if argument != "--"]
    take_scratch_directory()
    ran, code = [], 0
    for installation in other_installations():
        if installation.major < OLDEST_SUPPORTED:
            _say(f"PostgreSQL {installation.version} is skipped: {OLDEST_SUPPORTED} is the oldest.")
            continue
        _say(f"PostgreSQL {installation.version} ({installation.binaries})")
        with running_server(installation.binaries, UNSAFE_BUT_FAST) as server:
            code = code or _run_pytest(pytest_arguments, server.url)
        ran.append(installation.version)
    if ran:
        _say(f"Tests ran on PostgreSQL {', '.join(ran)}: {'failed' if code else 'passed'}.")
    else:
        _say(
            "There is no other PostgreSQL on this machine; the embedded one is all that was tested."
        )
    return code


def other_installations() -> list[Installation]:
    """This machine's servers of other major versions than the embedded one's; of each the newest, oldest first."""
    embedded = installation_in(find_binaries())
    return [
        found
        for found in newest_of_each_major(_installations())
        if embedded is None or found.major != embedded.major
    ]


def newest_of_each_major(installations: Iterable[Installation]) -> list[Installation]:
    """The newest minor version of each major one, in ascending order."""
    return sorted({found.major: found for found in sorted(installations)}.values())


@contextmanager
def running_server(binaries: Path, settings: Mapping[str, str]) -> Iterator[RunningServer]:
    """A server on a temporary data directory, as an unprivileged account if we are root.

    Args:
        binaries: the directory of its programs.
        settings: of the server, besides where it listens.

    Yields:
        The server; it ends with the block.
    """
    with tempfile.TemporaryDirectory(prefix="moss-jamf-other-postgres-") as temporary:
        directory = Path(temporary)
        account = account_for(directory)
        password = secrets.token_hex(16)
        password_file = directory / "password"
        password_file.write_text(f"{password}\n", encoding="ascii")
        if account is not None:
            for path in (directory, password_file):
                os.chown(path, account.uid, account.gid)
        data = directory / "data"
        initdb: list[str | Path] = [binaries / "initdb", "--pgdata", data, "--username", _ROLE]
        initdb += ["--pwfile", password_file, "--auth", "scram-sha-256", "--no-sync"]
        initdb += ["--encoding", "UTF8", "--locale", _LOCALE]
        _run_to_its_end(initdb, account)
        port = _free_port()
        log_file = directory / "log"
        with _running(_server_command(binaries, data, port, settings), account, log_file):
            url = f"postgresql://{_ROLE}:{password}@{HOST}:{port}/postgres"
            connect_when_ready(url).close()
            yield RunningServer(url, log_file)


def _server_command(
    binaries: Path, data: Path, port: int, settings: Mapping[str, str]
) -> list[str | Path]:
    settings = {
        **settings,
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "60",
        "timezone": "UTC",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [binaries / "postgres", "-D", data, *options]


def _as_account(command: Sequence[str | Path], account: Account | None) -> list[str]:
    """The command as it runs under the account; the process is interrupted when this one dies."""
    launch = Launch(
        command=[str(part) for part in command],
        needed=[str(command[0])],
        parent=os.getpid(),
        uid=account.uid if account else None,
        gid=account.gid if account else None,
    )
    return launch.as_arguments()


def _run_to_its_end(command: Sequence[str | Path], account: Account | None) -> None:
    result = subprocess.run(
        _as_account(command, account),
        cwd="/",
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{command[0]} failed: {result.stderr.strip()}")


@contextmanager
def _running(
    command: Sequence[str | Path], account: Account | None, log_file: Path
) -> Iterator[None]:
    with log_file.open("wb") as log:
        server = subprocess.Popen(
            _as_account(command, account),
            cwd="/",
            env=clean_environment(),
            stdout=log,
            stderr=log,
            # Ctrl-C is for the tests; the server is stopped when they have ended.
            start_new_session=True,
        )
    try:
        yield
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _run_pytest(arguments: Sequence[str], url: str) -> int:
    environment = {**os.environ, "MOSS_TEST_DATABASE_URL": url}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def _installations() -> list[Installation]:
    directories = {found.resolve() for place in _PLACES for found in Path("/").glob(place)}
    if postgres := shutil.which("postgres"):
        directories.add(Path(postgres).resolve().parent)
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run(
            [pg_config, "--bindir"], capture_output=True, text=True, check=False
        )
        if answer.returncode == 0:
            directories.add(Path(answer.stdout.strip()).resolve())
    found = (installation_in(directory) for directory in sorted(directories))
    return [installation for installation in found if installation is not None]


def installation_in(binaries: Path) -> Installation | None:
    """What is installed in a directory; None if no server is (development files alone, a beta version)."""
    if not all((binaries / program).exists() for program in ("postgres", "initdb")):
        return None
    answer = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"PostgreSQL\) (\d+)\.(\d+)", answer.stdout)
    if version is None:
        return None
    return Installation(int(version[1]), int(version[2]), binaries)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _say(sentence: str) -> None:
    sys.stdout.write(f"== {sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
