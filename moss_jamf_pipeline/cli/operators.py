"""Who sits at the command line: whom runs, approvals and decisions are recorded for."""

import os
import pwd


def operator(given: str | None = None) -> str:
    """Who asks for something.

    Args:
        given: whom the command was told; the operating system's user by default.
    """
    return given or f"command line: {_user_name()}"


def _user_name() -> str:
    """The operating system's user; a container may run under a number that has no name."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
