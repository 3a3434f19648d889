"""Programs as processes that need not import everything anew: forked off one that has.

Each is a process of its own, with its own directory, environment, standard streams, signals and end, as a shell would
start it. It only finds Dagster, pandas, the drivers and our modules imported already, which takes two seconds of each
otherwise. What looks at the environment when it is imported it imports itself (`tests/support/forks.py`).
"""

import atexit
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TextIO

from tests.support.forks import FORKS

COMMAND_LINE: Final = "moss_jamf_pipeline.cli"
_SECONDS_TO_END: Final = 120.0


def run_forked(
    arguments: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    stdin: str = "",
    module: str = COMMAND_LINE,
) -> "subprocess.CompletedProcess[str]":
    """Runs `python -m` a module to its end.

    Args:
        arguments: what follows the module's name.
        directory: its working directory.
        environment: all of its environment.
        stdin: what it can read.
        module: its name.

    Raises:
        subprocess.TimeoutExpired: it did not end within two minutes; it was killed.
    """
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(stdin, encoding="utf-8")
        process = FORKS.Process(
            target=_be_the_program,
            args=(module, tuple(arguments), directory, dict(environment), streams),
        )
        process.start()
        process.join(_SECONDS_TO_END)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired([module, *arguments], _SECONDS_TO_END)
        output, errors = (stream.read_text(encoding="utf-8") for stream in streams[1:])
    return subprocess.CompletedProcess(
        [module, *arguments], process.exitcode, stdout=output, stderr=errors
    )


class ForkedCommand:
    """`moss-jamf` that works for a while, as the leader of a session; what `subprocess.Popen` offers, as far as needed.

    Args:
        arguments: what follows `moss-jamf`.
        directory: its working directory.
        environment: all of its environment.
        stdin: a descriptor of what it reads; None: nothing.

    Attributes:
        pid: its number.
        stdout: what it prints.
        stderr: what it says besides.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        stdin: int | None = None,
    ) -> None:
        reads = Connection(os.open(os.devnull, os.O_RDWR) if stdin is None else os.dup(stdin))
        (output, prints), (errors, complains) = FORKS.Pipe(False), FORKS.Pipe(False)
        streams = [reads, prints, complains]
        self._process = FORKS.Process(
            target=_be_the_leader,
            args=(COMMAND_LINE, tuple(arguments), directory, dict(environment), streams),
        )
        self._process.start()
        for stream in streams:
            stream.close()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        self.stdout: TextIO | None = _text_of(output)
        self.stderr: TextIO | None = _text_of(errors)

    @property
    def returncode(self) -> int | None:
        """How it ended; None: it has not."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Sends it a signal, unless it has ended."""
        if self._process.exitcode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL: no clean-up of any kind runs."""
        self._process.kill()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Waits for its end and returns what it has said since it was last read.

        Raises:
            subprocess.TimeoutExpired: it did not end in time; it was killed.
        """
        assert self.stdout is not None
        assert self.stderr is not None
        with ThreadPoolExecutor(2) as readers:
            # Somebody reads all the while: a process whose pipe is full does not end.
            said = [readers.submit(_all_of, stream) for stream in (self.stdout, self.stderr)]
            self._process.join(timeout)
            if self._process.exitcode is None:
                self._process.kill()
                raise subprocess.TimeoutExpired(COMMAND_LINE, timeout or 0.0)
        return said[0].result(), said[1].result()


def _text_of(connection: Connection) -> TextIO:
    with connection:
        return os.fdopen(os.dup(connection.fileno()), "r", encoding="utf-8")


def _all_of(stream: TextIO) -> str:
    if stream.closed:
        return ""
    with stream:
        return stream.read()


def _be_the_leader(
    module: str,
    arguments: tuple[str, ...],
    directory: Path,
    environment: dict[str, str],
    streams: list[Connection],
) -> None:
    os.setsid()
    _be_the_program(module, arguments, directory, environment, streams)


def _be_the_program(
    module: str,
    arguments: tuple[str, ...],
    directory: Path,
    environment: dict[str, str],
    streams: Sequence[Path | Connection],
) -> None:
    """What a shell and the interpreter do before a program, and after it."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, stream in enumerate(streams):
        if isinstance(stream, Path):
            flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
            opened = os.open(stream, flags, 0o600)
            os.dup2(opened, descriptor)
            os.close(opened)
        else:
            os.dup2(stream.fileno(), descriptor)
            stream.close()
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__")
    finally:
        atexit._run_exitfuncs()  # a forked process ends without
        sys.stdout.flush()
        sys.stderr.flush()
