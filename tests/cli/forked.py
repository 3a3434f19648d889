"""Commands as processes that need not import everything anew: forked off one that has.

Each is a process of its own, with its own directory, environment, standard streams, signals and end, as a shell would
start it. It only finds Dagster, pandas, the drivers and our modules imported already, which takes two seconds of each
otherwise. What looks at the environment when it is imported it imports itself (`tests/support/forks.py`).
"""

import atexit
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.support.forks import FORKS

_SECONDS_TO_END: Final = 120.0


def run_forked(
    arguments: Sequence[str], *, directory: Path, environment: Mapping[str, str], stdin: str
) -> "subprocess.CompletedProcess[str]":
    """Runs `moss-jamf` to its end.

    Args:
        arguments: what follows `moss-jamf`.
        directory: its working directory.
        environment: all of its environment.
        stdin: what it can read.

    Raises:
        subprocess.TimeoutExpired: it did not end within two minutes; it was killed.
    """
    with tempfile.TemporaryDirectory() as place:
        streams = tuple(Path(place) / name for name in ("stdin", "stdout", "stderr"))
        streams[0].write_text(stdin, encoding="utf-8")
        process = FORKS.Process(
            target=_be_the_command, args=(tuple(arguments), directory, dict(environment), streams)
        )
        process.start()
        process.join(_SECONDS_TO_END)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["moss-jamf", *arguments], _SECONDS_TO_END)
        output, errors = (stream.read_text(encoding="utf-8") for stream in streams[1:])
    return subprocess.CompletedProcess(
        ["moss-jamf", *arguments], process.exitcode, stdout=output, stderr=errors
    )


def _be_the_command(
    arguments: tuple[str, ...],
    directory: Path,
    environment: dict[str, str],
    streams: tuple[Path, Path, Path],
) -> None:
    """What a shell and the interpreter do before `main`, and after it."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, stream in enumerate(streams):
        flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        opened = os.open(stream, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["moss-jamf", *arguments]

    from moss_jamf_pipeline.cli import main  # noqa: PLC0415 - as a shell does, after its environment

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # a forked process ends without
        sys.stdout.flush()
        sys.stderr.flush()
