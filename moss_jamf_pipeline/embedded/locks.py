"""Advisory file locks (`flock`): the kernel frees them when their last holder dies, however.

A lock belongs to the open file, so a child process that inherits the descriptor shares it. Locks
here are therefore given back by closing the descriptor, never by an explicit unlock: that would
take the lock away from everyone who shares it.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class LockTimeoutError(Exception):
    """A lock was not given back within the time allowed."""


def lock_exclusively(path: Path) -> int:
    """Wait until nobody else holds the file's lock, then hold it alone.

    Args:
        path: the lock file; created if missing.

    Returns:
        The descriptor that holds the lock.
    """
    return _lock(path, fcntl.LOCK_EX)


def lock_shared(path: Path) -> int:
    """Wait until nobody holds the file's lock exclusively, then hold it together with others.

    Args:
        path: the lock file; created if missing.

    Returns:
        The descriptor that holds the lock.
    """
    return _lock(path, fcntl.LOCK_SH)


def lock_exclusively_within(path: Path, seconds: float) -> int:
    """As `lock_exclusively`, but give up after a while. Only for the main thread (it uses SIGALRM).

    Args:
        path: the lock file; created if missing.
        seconds: how long to wait.

    Returns:
        The descriptor that holds the lock.

    Raises:
        LockTimeoutError: the lock was held all the time.
    """
    with _alarm_after(seconds):
        return _lock(path, fcntl.LOCK_EX)


def try_lock_exclusively(path: Path) -> int | None:
    """Hold the file's lock alone if that is possible at once.

    Args:
        path: the lock file; created if missing.

    Returns:
        The descriptor that holds the lock, or None if somebody else holds it.
    """
    try:
        return _lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def is_locked_exclusively(path: Path) -> bool:
    """Whether some process holds the file's lock exclusively. Creates nothing.

    Asks for a shared lock, so that two processes that look at the same time do not see each other.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def wait_until_unlocked(path: Path) -> None:
    """Return when nobody holds the file's lock exclusively any more."""
    os.close(lock_shared(path))


def _lock(path: Path, operation: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, operation)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _alarm_after(seconds: float) -> Iterator[None]:
    def give_up(_signal_number: int, _frame: FrameType | None) -> None:
        raise LockTimeoutError

    previous = signal.signal(signal.SIGALRM, give_up)
    # The interval repeats the alarm: one that fell just before the system call would not interrupt
    # it.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
