"""Where tests put what they throw away: in memory, where the machine has room for it.

Nearly every test clones a database of 300 files. On the disk of a small cloud machine that takes 0.4 s, in memory
0.02 s: half of the suite's time.
"""

import os
import shutil
import subprocess
import tempfile
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Final

import psutil

IN_MEMORY: Final = Path("/dev/shm")
_ROOM: Final = 4 << 30
"""Bytes. A run of the suite has up to 1 GB of databases at a time."""

_LAST: Final = -1_000
_PREFIX: Final = "moss-jamf-tests-"

# Of pytest for `tmp_path`, and of everything else.
_VARIABLES: Final = ("PYTEST_DEBUG_TEMPROOT", "TMPDIR")


def take_scratch_directory() -> Path | None:
    """Has this process and those that it starts use a directory in memory for what is temporary, until it ends.

    Returns:
        The directory; None where TMPDIR says otherwise, or where the machine has no memory to spare, or none from
        which a program can be started.
    """
    if os.environ.get("TMPDIR") or not _has_room(IN_MEMORY):
        return None
    _remove_what_killed_runs_left()
    directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=IN_MEMORY))
    # As /tmp: other accounts (PostgreSQL's) pass through it. What is made in it is closed or open as it would be there.
    directory.chmod(0o755)
    if not _can_start_programs(directory):
        shutil.rmtree(directory)
        return None
    for variable in _VARIABLES:
        os.environ[variable] = str(directory)
    tempfile.tempdir = None
    # Of what is done when a process ends, this is the last: others have their directories in it.
    Finalize(None, shutil.rmtree, (directory, True), exitpriority=_LAST)
    return directory


def _remove_what_killed_runs_left() -> None:
    for directory in IN_MEMORY.glob(f"{_PREFIX}*-*"):
        if not psutil.pid_exists(int(directory.name.removeprefix(_PREFIX).split("-")[0])):
            shutil.rmtree(directory, ignore_errors=True)


def _has_room(directory: Path) -> bool:
    return directory.is_dir() and shutil.disk_usage(directory).free >= _ROOM


def _can_start_programs(directory: Path) -> bool:
    program = directory / "program"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    try:
        subprocess.run([program], check=True)
    except OSError:
        return False
    finally:
        program.unlink()
    return True
