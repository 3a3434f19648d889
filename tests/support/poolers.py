"""A real PgBouncer before the tests' PostgreSQL."""

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.programs import program

_SECONDS_TO_ANSWER: Final = 20.0


@contextmanager
def pgbouncer(
    server_url: str, directory: Path, *, mode: str, reset_query: str = "DISCARD ALL"
) -> Iterator[int]:
    """A PgBouncer that reaches every database of a server under its own name, and lets everybody in.

    Skips the test where there is none, except in CI, which installs it.

    Args:
        server_url: of the server, with a superuser's name and password.
        directory: for its configuration.
        mode: its `pool_mode`.
        reset_query: what it has a session run before another client gets it.

    Yields:
        The port on loopback that it listens on; it ends with the block.
    """
    pooler = program("pgbouncer")
    server = urlsplit(server_url)
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = int(probe.getsockname()[1])
    place = f"host={server.hostname} port={server.port}"
    configuration = directory / f"{mode}-{port}.ini"
    configuration.write_text(
        "[databases]\n"
        f"* = {place} user={server.username} password={server.password}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = {mode}\nserver_reset_query = {reset_query}\nserver_fast_close = 1\n",
        encoding="utf-8",
    )
    # It refuses to run as root, and reads its configuration before it changes the account.
    account = ["-u", pwd.getpwnam("nobody").pw_name] if os.geteuid() == 0 else []
    log_file = configuration.with_suffix(".log")
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [pooler, *account, configuration], stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(port, process, log_file)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log_file: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_ANSWER
    while True:
        try:
            psycopg.connect(
                f"postgresql://x@127.0.0.1:{port}/postgres", autocommit=True, connect_timeout=5
            ).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PgBouncer does not answer: {log_file.read_text()}")
            time.sleep(0.02)
        else:
            return
