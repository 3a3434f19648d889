"""Runs one server for a command, and ends it with everything it started when the command ends, however it ends.

A program of its own (`python -I -S guard.py <command…>`, standard library only), started by `processes.py` and nothing
else. Its standard input is a pipe whose other end only the command holds: end of file means that the command let go or
died. The server gets a process group of its own, so that Ctrl-C in the command's terminal does not reach it, and so
that nothing of it can be left.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

_SECONDS_TO_FINISH = 15.0
_SECONDS_BETWEEN_LOOKS = 0.05
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(command: Sequence[str]) -> int:
    """Runs the command until it ends, or until standard input does.

    Returns:
        The server's exit code, negative for a signal.
    """
    events, events_in = os.pipe()
    os.set_blocking(events_in, False)
    signal.set_wakeup_fd(events_in)
    for number in (signal.SIGCHLD, *_ENDING_SIGNALS):
        # The handler does nothing: the number in the pipe is the message. Ignoring would be inherited by the server.
        signal.signal(number, lambda _number, _frame: None)
    server = subprocess.Popen(  # noqa: S603 - our own arguments
        list(command), stdin=subprocess.DEVNULL, start_new_session=True
    )
    watched = [sys.stdin.fileno(), events]
    while server.poll() is None:
        ready, _, _ = select.select(watched, [], [])
        if events in ready and any(number in _ENDING_SIGNALS for number in os.read(events, 64)):
            break
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 64):
            break
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
