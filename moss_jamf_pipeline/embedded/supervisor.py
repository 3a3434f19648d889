"""Runs a server for as long as somebody needs it, and ends it with everything it started, however that somebody ends.

`Supervisor` is what waits; `supervised.py` has it wait on the embedded PostgreSQL, which its clients' locks keep.

The program here (`python -I -S supervisor.py [--keep-up] <command…>`, standard library only) supervises a server of one
command, such as the simulator, and is started by `cli/processes.py`. Its standard input is a pipe whose other end only
that command holds: end of file means that the command let go or died. The server gets a process group of its own, so
that Ctrl-C in the command's terminal does not reach it, and so that nothing of it can be left.

With `--keep-up` a server that ends by itself is started again, and a byte on standard input has it killed and started
again. What it has started lives on meanwhile: a code server's runs are not the worse for its end.
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
_KEEP_UP = "--keep-up"
_RESTARTS_PER_MINUTE = 5
_MINUTE_SECONDS = 60.0


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
        restart: Callable[[int], "subprocess.Popen[bytes] | None"] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Return when the server has ended, or is to be ended.

        Args:
            server: the server.
            unneeded: a descriptor that becomes readable when the server may be needed no more.
            is_needed: asked then; it reads what is there.
            restart: starts the server again after it ended by itself with an exit code, or returns None where that is
                no use; None: it is let end.

        Returns:
            The server, alive or not: the one that was given, or the latest of its restarts.
        """
        while True:
            if server.poll() is not None:
                again = None if restart is None else restart(server.returncode)
                if again is None:
                    return server
                server = again
            ready, _, _ = select.select([unneeded, self._signals], [], [])
            if self._signals in ready and self._ending_signals.intersection(
                os.read(self._signals, _BYTES_READ)
            ):
                return server
            if unneeded in ready and not is_needed():
                return server


class _Servers:
    """The server of a command, one after the other.

    Args:
        command: the program and its arguments.
        is_kept_up: whether it is started again when it ends by itself.
    """

    def __init__(self, command: Sequence[str], *, is_kept_up: bool) -> None:
        self._command = command
        self._is_kept_up = is_kept_up
        self._starts: list[float] = []
        self.groups: list[int] = []
        self.current = self._start()

    def restart(self, exit_code: int) -> "subprocess.Popen[bytes] | None":
        """Starts the server again, unless it ends over and over; says so as Dagster's servers say things."""
        now = time.monotonic()
        self._starts = [at for at in self._starts if now - at < _MINUTE_SECONDS]
        if not self._is_kept_up or len(self._starts) > _RESTARTS_PER_MINUTE:
            return None
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
        _warn(f"It ended by itself ({how}), and is started again.")
        self.groups = [group for group in self.groups if _has_members(group)]
        self.current = self._start()
        return self.current

    def kill(self) -> None:
        """Ends the server, also one that hears nothing any more; it is then started again."""
        _warn("It does not answer, and is killed.")
        self.current.kill()

    def _start(self) -> "subprocess.Popen[bytes]":
        self._starts.append(time.monotonic())
        server = subprocess.Popen(  # noqa: S603 - our own arguments
            list(self._command), stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.groups.append(server.pid)
        return server


def main(arguments: Sequence[str]) -> int:
    """Run the command until it ends, or until standard input does.

    Returns:
        The server's exit code, negative for a signal.
    """
    is_kept_up = arguments[:1] == [_KEEP_UP]
    supervisor = Supervisor({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    standard_input = sys.stdin.fileno()
    servers = _Servers(arguments[1:] if is_kept_up else arguments, is_kept_up=is_kept_up)

    def is_needed() -> bool:
        said = os.read(standard_input, _BYTES_READ)
        if said:
            servers.kill()
        return bool(said)

    server = supervisor.stay(
        servers.current, unneeded=standard_input, is_needed=is_needed, restart=servers.restart
    )
    # The server first: it knows how to end its own children, and what to write down before.
    _ask_to_end(server)
    for group in servers.groups:
        _end_group(group)
    return server.returncode


def _warn(sentence: str) -> None:
    when = time.strftime("%Y-%m-%d %H:%M:%S +0000", time.gmtime())
    sys.stdout.write(f"{when} - supervisor - WARNING - {sentence}\n")
    sys.stdout.flush()


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


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
