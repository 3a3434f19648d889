"""Which process a run is, so that another one on the same machine can tell whether it still lives.

A process id alone is given out anew; with the moment at which the process began it is not. On another machine, or in
another container, nothing can be told of it.
"""

import os
import platform
import subprocess
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_FIELDS_BEFORE_START: Final = 19
"""Of /proc/<pid>/stat after the name of the command: the start is the 22nd field, the name the second."""
_SEPARATOR: Final = "|"
_PARTS: Final = 3
_SECONDS_TO_ANSWER: Final = 5.0


def identity_of(pid: int | None = None) -> str | None:
    """A process as it is told from every other, in one line: place, id, beginning.

    Args:
        pid: which; this one by default.

    Returns:
        None: there is no such process.
    """
    pid = os.getpid() if pid is None else pid
    began = _beginning_of(pid)
    return None if began is None else _SEPARATOR.join((_place(), str(pid), began))


def is_gone(identity: str) -> bool | None:
    """Whether a process has ended.

    Args:
        identity: as `identity_of` gave it.

    Returns:
        None: it runs, or ran, on another machine.
    """
    parts = identity.split(_SEPARATOR)
    if len(parts) != _PARTS or parts[0] != _place() or not parts[1].isdigit():
        return None
    return _beginning_of(int(parts[1])) != parts[2]


def described(identity: str) -> str:
    """A process for people, e.g. `process 4711 on moss-1`; empty if it is none."""
    parts = identity.split(_SEPARATOR)
    if len(parts) != _PARTS:
        return ""
    return f"process {parts[1]} on {parts[0].partition('/')[0]}"


def _place() -> str:
    """This machine since it was started, and of its containers this one."""
    return "/".join((platform.node(), _boot(), _namespace()))


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _beginning_of(pid: int) -> str | None:
    """When a process began, in whatever unit the system has; None: there is none, or it is a zombie."""
    if not (_PROC / "self/stat").exists():
        return _beginning_as_ps_says(pid)
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else fields[_FIELDS_BEFORE_START - 1]


def _beginning_as_ps_says(pid: int) -> str | None:
    said = subprocess.run(  # noqa: S603 - our own arguments
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607 - wherever the system has it
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS_TO_ANSWER,
        env={**os.environ, "LC_ALL": "C"},
    )
    return " ".join(said.stdout.split()) or None
