"""The last step before a PostgreSQL program runs: its user, its privileges, its parent; then exec.

Run by path with `python -I -S` (a dozen milliseconds), with one argument, a `Launch` as JSON. It
imports nothing but the standard library's small modules: at this point the package may be out of
reach.

As root it becomes the given account. Directories on the way to the data or to the programs may be
closed to that account (a checkout below a 0700 /root). Opening them would expose them to everybody,
so instead the process keeps one capability: to search and read everywhere (CAP_DAC_READ_SEARCH), or
where a container withholds that one (Docker does), CAP_DAC_OVERRIDE. Kept only if needed, found out
by trying, on Linux only.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import NamedTuple

EXIT_CODE_UNREACHABLE = 77
"""Exit code when the account cannot reach a file it needs; the reason is on standard error."""

# linux/prctl.h, linux/securebits.h and linux/capability.h
_PR_SET_PDEATHSIG = 1
_PR_GET_SECUREBITS = 27
_PR_SET_SECUREBITS = 28
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_NAMES = {
    _CAP_DAC_READ_SEARCH: "CAP_DAC_READ_SEARCH",
    _CAP_DAC_OVERRIDE: "CAP_DAC_OVERRIDE",
}


class Launch(NamedTuple):
    """What to run, and as whom.

    Attributes:
        command: the program's absolute path and its arguments.
        needed: files and directories the program must be able to read and enter or execute.
        parent: process id of the supervisor; the program is interrupted when it dies (Linux).
        uid: user to become; None to stay who we are.
        gid: group to become; None to stay.
    """

    command: Sequence[str]
    needed: Sequence[str]
    parent: int
    uid: int | None = None
    gid: int | None = None

    def as_arguments(self) -> list[str]:
        """The command line that carries this out in a new process."""
        return [sys.executable, "-I", "-S", __file__, json.dumps(self._asdict())]


class UnreachableError(Exception):
    """The account can reach a needed file neither by itself nor with a capability."""


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityWord(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


class _Kernel:
    """The few Linux calls that Python does not offer."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def prctl(self, option: int, value: int = 0, argument: int = 0) -> int:
        result: int = self._libc.prctl(
            ctypes.c_int(option),
            ctypes.c_ulong(value),
            ctypes.c_ulong(argument),
            ctypes.c_ulong(0),
            ctypes.c_ulong(0),
        )
        if result == -1:
            number = ctypes.get_errno()
            raise OSError(number, f"prctl({option}): {os.strerror(number)}")
        return result

    def permitted_capabilities(self) -> int:
        words = (_CapabilityWord * 2)()
        self._capability_call("capget", words)
        return int(words[0].permitted)

    def set_capabilities(self, *, effective: int, permitted: int) -> None:
        """Set the low capabilities (all we use are below 32) and give up every other one."""
        words = (_CapabilityWord * 2)()
        words[0].effective = effective
        words[0].permitted = permitted
        words[0].inheritable = permitted
        self._capability_call("capset", words)

    def _capability_call(self, name: str, words: "ctypes.Array[_CapabilityWord]") -> None:
        header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
        if getattr(self._libc, name)(ctypes.byref(header), words) == -1:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")


def main(arguments: Sequence[str]) -> None:
    """Become the account, keep what is needed, and run the program in place of this process."""
    launch = Launch(**json.loads(arguments[0]))
    kernel = _Kernel() if sys.platform == "linux" else None
    try:
        _change_account(launch, kernel)
    except (OSError, UnreachableError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_CODE_UNREACHABLE)
    if kernel is not None:
        # After the change of account, which would clear it. SIGINT is PostgreSQL's fast shutdown.
        kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != launch.parent:
            sys.exit("The supervisor ended while PostgreSQL was being started.")
    os.umask(0o077)
    os.execv(launch.command[0], list(launch.command))  # noqa: S606 - no shell is the point


def _change_account(launch: Launch, kernel: _Kernel | None) -> None:
    if launch.uid is None or launch.gid is None:
        _require_reach(launch.needed, "this user")
        return
    candidates = 0
    if kernel is not None:
        candidates = kernel.permitted_capabilities() & (
            1 << _CAP_DAC_READ_SEARCH | 1 << _CAP_DAC_OVERRIDE
        )
        candidates = candidates if _keep_capabilities_across_change(kernel) else 0
    try:
        os.setgroups([launch.gid])
        os.setgid(launch.gid)
        os.setuid(launch.uid)
    except OSError as error:
        raise UnreachableError(
            f"Root is not allowed to become user {launch.uid} here ({error}), and PostgreSQL does "
            "not run as root."
        ) from error
    if kernel is None:
        _require_reach(launch.needed, f"user {launch.uid}")
    else:
        _keep_one_capability_if_needed(launch, kernel, candidates)
        kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _keep_capabilities_across_change(kernel: _Kernel) -> bool:
    """Whether capabilities can survive the change of user and count in access(2).

    Without this secure bit access(2), which PostgreSQL asks about its own executable, ignores
    capabilities of an ordinary user. PR_SET_KEEPCAPS would not change that.
    """
    try:
        kernel.prctl(_PR_SET_SECUREBITS, kernel.prctl(_PR_GET_SECUREBITS) | _SECBIT_NO_SETUID_FIXUP)
    except OSError:
        return False
    return True


def _keep_one_capability_if_needed(launch: Launch, kernel: _Kernel, candidates: int) -> None:
    kernel.set_capabilities(effective=0, permitted=candidates)
    if _first_out_of_reach(launch.needed) is None:
        kernel.set_capabilities(effective=0, permitted=0)
        return
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if not candidates & 1 << capability:
            continue
        kernel.set_capabilities(effective=1 << capability, permitted=candidates)
        if _first_out_of_reach(launch.needed) is None:
            kernel.set_capabilities(effective=1 << capability, permitted=1 << capability)
            kernel.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)
            return
    kernel.set_capabilities(effective=0, permitted=0)
    names = " or ".join(_CAPABILITY_NAMES.values())
    _require_reach(
        launch.needed, f"user {launch.uid}", f" Root has no capability to pass on ({names})."
    )


def _require_reach(needed: Sequence[str], who: str, addition: str = "") -> None:
    obstacle = _first_out_of_reach(needed)
    if obstacle is not None:
        raise UnreachableError(f"{who[0].upper()}{who[1:]} cannot enter {obstacle}.{addition}")


def _first_out_of_reach(needed: Sequence[str]) -> str | None:
    """What this process cannot enter, read or run on the way to the needed files; the first."""
    for path in needed:
        if os.access(path, os.R_OK | os.X_OK):
            continue
        place = "/"
        for part in path.split("/")[1:-1]:
            place = os.path.join(place, part)  # noqa: PTH118 - pathlib doubles the start-up time
            if not os.access(place, os.X_OK):
                return place
        return path
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
