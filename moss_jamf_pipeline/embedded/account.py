"""Which operating-system account the embedded PostgreSQL runs as.

PostgreSQL refuses to run as root. An ordinary user runs it as himself; root hands it to whom the
checkout belongs, or to `nobody`. What that account may reach is the business of `launcher.py`.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from moss_jamf_pipeline.embedded.errors import USE_ANOTHER_SERVER, EmbeddedPostgresError


@dataclass(frozen=True)
class Account:
    """The account PostgreSQL runs as when we are root.

    Attributes:
        uid: its user id.
        gid: its group id.
        owns_directory: whether all files of the server are given to it (then it can use the server
            without root later), or its data alone.
    """

    uid: int
    gid: int
    owns_directory: bool


def account_for(directory: Path) -> Account | None:
    """The account that PostgreSQL runs as for one server directory.

    Args:
        directory: the server's directory, `<state directory>/postgres`; it need not exist yet.

    Returns:
        None when we are an ordinary user (PostgreSQL runs as that user), else the account to change
        to: the owner of the existing data, or of the state directory, or of the directory that
        holds it, if that is not root; otherwise `nobody`.

    Raises:
        EmbeddedPostgresError: this system knows no such account.
    """
    if os.geteuid() != 0:
        return None
    data = directory / "data"
    if data.exists():
        status = data.stat()
        if status.st_uid != 0:
            return Account(status.st_uid, status.st_gid, _owner(directory) == status.st_uid)
    for place in (directory.parent, directory.parent.parent):
        # An owner without an entry in the user database (a bind mount in a container) will not do:
        # `initdb` looks its name up.
        entry = _user_with_id(_owner(place))
        if entry is not None and entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, owns_directory=True)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as missing:
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root, and this system has no user `nobody` to run it as.",
            remedy=f"run this as an ordinary user, or {USE_ANOTHER_SERVER}.",
        ) from missing
    return Account(nobody.pw_uid, nobody.pw_gid, owns_directory=False)


def _owner(place: Path) -> int:
    return place.stat().st_uid if place.exists() else 0


def _user_with_id(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None
