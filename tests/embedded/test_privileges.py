"""As root: PostgreSQL runs unprivileged, and no directory becomes more open than it was."""

import ctypes
import os
import pwd
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from moss_jamf_pipeline.embedded.layout import ServerDirectory
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from tests.embedded.conftest import Server, needs_linux, needs_root
from tests.support.databases import UNSAFE_BUT_FAST

pytestmark = [needs_linux, needs_root]

_PR_CAPBSET_DROP = 24
_DAC_OVERRIDE, _DAC_READ_SEARCH, _SETUID = 1, 2, 7

_CONNECT = """
import sys
from pathlib import Path
import psycopg
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]))
with postgres.connect_lease() as lease, psycopg.connect(lease.url("moss")):
    pid = (Path(sys.argv[1]) / "data" / "postmaster.pid").read_text().split()[0]
    print(Path(f"/proc/{pid}/status").read_text())
"""


def _without(*capabilities: int) -> Callable[[], None]:
    """Make a child whose root lacks these capabilities, as in a container."""

    def drop() -> None:
        for capability in capabilities:
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)

    return drop


def _connect_without(directory: Path, *capabilities: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _CONNECT, str(directory)],
        preexec_fn=_without(*capabilities),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def _ambient_capabilities(status: str) -> int:
    found = re.search(r"^CapAmb:\s*([0-9a-f]+)$", status, re.MULTILINE)
    assert found
    return int(found[1], 16)


def test_below_a_closed_directory_postgresql_keeps_one_capability_to_pass(server: Server) -> None:
    parent = server.files.path.parent.parent
    mode = parent.stat().st_mode
    assert mode & 0o077 == 0
    with server.postgres.connect_lease():
        status = Path(f"/proc/{server.postmaster.pid}/status").read_text()
        assert server.postmaster.uids().effective == pwd.getpwnam("nobody").pw_uid
    assert _ambient_capabilities(status) == 1 << _DAC_READ_SEARCH
    assert re.search(r"^NoNewPrivs:\s*1$", status, re.MULTILINE)
    assert parent.stat().st_mode == mode


def test_where_everybody_may_enter_it_keeps_no_capability(server: Server) -> None:
    binaries = Path(sys.prefix)
    if any(not place.stat().st_mode & 0o001 for place in (binaries, *binaries.parents)):
        pytest.skip("the virtual environment itself is closed to others")
    server.files.path.parent.parent.chmod(0o755)
    # A state directory that is made is closed to others; one that is there keeps its mode.
    server.files.path.parent.mkdir(exist_ok=True)
    server.files.path.parent.chmod(0o755)
    with server.postgres.connect_lease():
        status = Path(f"/proc/{server.postmaster.pid}/status").read_text()
    assert _ambient_capabilities(status) == 0


def test_in_a_container_without_read_search_it_keeps_override(server: Server) -> None:
    result = _connect_without(server.files.path, _DAC_READ_SEARCH)
    assert result.returncode == 0, result.stderr
    assert _ambient_capabilities(result.stdout) == 1 << _DAC_OVERRIDE


def test_without_any_capability_the_error_names_the_closed_directory(server: Server) -> None:
    result = _connect_without(server.files.path, _DAC_READ_SEARCH, _DAC_OVERRIDE)
    assert result.returncode != 0
    assert f"cannot enter {server.files.path.parent.parent}." in result.stderr
    for remedy in ("ordinary user", "directory that every user may enter", "MOSS_DATABASE_URL"):
        assert remedy in result.stderr


def test_where_root_may_not_change_its_user_the_error_says_so(server: Server) -> None:
    result = _connect_without(server.files.path, _SETUID)
    assert result.returncode != 0
    assert "not allowed to become user" in result.stderr
    assert "MOSS_DATABASE_URL" in result.stderr


def test_files_in_somebodys_directory_belong_to_that_user() -> None:
    owner = pwd.getpwnam("daemon")
    with tempfile.TemporaryDirectory(prefix="moss-jamf-embedded-") as parent:
        os.chown(parent, owner.pw_uid, owner.pw_gid)
        directory = Path(parent) / "state" / "postgres"
        server = Server(EmbeddedPostgres(directory, UNSAFE_BUT_FAST), ServerDirectory(directory))
        try:
            with server.postgres.connect_lease() as lease, psycopg.connect(lease.url("moss")):
                assert server.postmaster.uids().effective == owner.pw_uid
            files = (directory.parent, directory, *directory.iterdir())
            owners = {file.stat().st_uid for file in files}
            assert owners == {owner.pw_uid}
        finally:
            server.postgres.stop()
