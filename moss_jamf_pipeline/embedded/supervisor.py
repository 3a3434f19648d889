"""Runs a server for as long as somebody needs it, and ends it with everything it started, however that somebody ends.

`Supervisor` is what waits; `supervised.py` has it wait on the embedded PostgreSQL, which its clients' locks keep.

The program here (`python -I -S supervisor.py <command…>`, standard library only) supervises a server of one command,
such as the simulator, and is started by `cli/processes.py`. Its standard input is a pipe whose other end only that
command holds: end of file means that the command let go or died. The server gets a process group of its own, so that
Ctrl-C in the command's terminal does not reach it, and so that nothing of it can be left.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence

_SECONDS_TO_FINISH = 15.0
_SECONDS_BETWEEN_LOOKS = 0.05
_BYTES_READ = 64


class Supervisor:
    """Waits, without polling, for what concerns a server: signals, its end, and that nobody needs it any more.

    To be made before the server is started, as signals count from then on, and on the main thread.

    Args:
        ending_signals: those that end the server. SIGTERM, SIGINT and SIGHUP do nothing if they are not among them.
    """

    def __init__(self, ending_signals: Collection[signal.Signals]) -> None:
        self._ending_signals = frozenset(ending_signals)
        self._signals, signals_in = os.pipe()
        os.set_blocking(signals_in, False)
        signal.set_wakeup_fd(signals_in)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # The handler does nothing: the number in the pipe is the message. Ignoring a signal instead would be
            # inherited by the server while it starts, and it would be deaf.
            signal.signal(number, lambda _number, _frame: None)

    def stay(
        self,
        server: "subprocess.Popen[bytes]",
        *,
        unneeded: int,
        is_needed: Callable[[], bool],
        restart: Callable[[int], "subprocess.Popen[bytes]"] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Return when the server has ended, or is to be ended.

        Args:
            server: the server.
            unneeded: a descriptor that becomes readable when the server may be needed no more.
            is_needed: asked then; it reads what is there.
            restart: starts the server again after it ended by itself with an exit code; None: it is let end.

        Returns:
            The server, alive or not: the one that was given, or the latest of its restarts.
        """
        while True:
            if server.poll() is not None:
                if restart is None:
                    return server
                server = restart(server.returncode)
            ready, _, _ = select.select([unneeded, self._signals], [], [])
            if self._signals in ready and self._ending_signals.intersection(
                os.read(self._signals, _BYTES_READ)
            ):
                return server
            if unneeded in ready and not is_needed():
                return server


def main(command: Sequence[str]) -> int:
    """Run the command until it ends, or until standard input does.

    Returns:
        The server's exit code, negative for a signal.
    """
    supervisor = Supervisor({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    standard_input = sys.stdin.fileno()
    server = subprocess.Popen(  # noqa: S603 - our own arguments
        list(command), stdin=subprocess.DEVNULL, start_new_session=True
    )
    supervisor.stay(
        server,
        unneeded=standard_input,
        is_needed=lambda: bool(os.read(standard_input, _BYTES_READ)),
    )
    # The server first: it knows how to end its own children, and what to write down before.
    _ask_to_end(server)
    _end_group(server.pid)
    return server.returncode


def _ask_to_end(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(_SECONDS_TO_FINISH)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _end_group(group: int) -> None:
    """Ends what the server left behind: politely, then by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _SECONDS_TO_FINISH
        try:
            os.killpg(group, number)
            while time.monotonic() < deadline:
                os.killpg(group, 0)
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        except (ProcessLookupError, PermissionError):
            return  # nobody is left (macOS says it with EPERM while the last one is being reaped)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
