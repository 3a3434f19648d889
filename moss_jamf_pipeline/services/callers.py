"""Who asks: somebody who is signed in to M.O.S.S., one of its API tokens, or the companion's own administrator.

What a caller may do is read from M.O.S.S. each time: a session may be a month old. M.O.S.S.'s words for it are `user`,
`admin` and `super_admin`, each of which may do what the one before may.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

import bcrypt
import psycopg

from moss_jamf_pipeline.moss import users
from moss_jamf_pipeline.moss.contract.rights import LackingRights, lacking_for_companion
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import execute, fetch_one
from moss_jamf_pipeline.moss.users import StoredToken, User, Whereabouts
from moss_jamf_pipeline.scrubbing import remember_secret, scrubbed
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

ADMINISTRATOR: Final = "the companion's administrator"
"""What the history calls whoever holds the companion's own token."""

_BEGINNING_OF_MOSS: Final = "moss_"
_PREFIX_CHARACTERS: Final = 10
_MOST_TOKEN_BYTES: Final = 72
"""More than bcrypt looks at, and than any token of M.O.S.S. has (37)."""
_BEGINNING_OF_OURS: Final = "jamfadmin_"
_NOBODYS_HASH: Final = bcrypt.hashpw(secrets.token_bytes(16), bcrypt.gensalt(10))
"""As costly to compare with as a token of M.O.S.S.: whether a prefix exists cannot be told by a clock."""


class Role(IntEnum):
    """What somebody may do; each includes the one before."""

    USER = 1
    ADMIN = 2
    SUPER_ADMIN = 3


_ROLES: Final = {"user": Role.USER, "admin": Role.ADMIN, "super_admin": Role.SUPER_ADMIN}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        name: an e-mail address of M.O.S.S., or `ADMINISTRATOR`; what the history says started a run.
        role: what they may do now.
        user_id: M.O.S.S.'s; None: the companion's own administrator.
    """

    name: str
    role: Role
    user_id: UUID | None = None


def knows_users(workplace: Workplace) -> bool:
    """Whether M.O.S.S. has log-ins, so that it can say who a caller is."""
    with workplace.as_owner() as connection:
        return users.has_users(connection)


def lacking_rights(workplace: Workplace) -> LackingRights | None:
    """What this log-in lacks to tell who is signed in to M.O.S.S. and to note what they do; None if nothing."""
    with workplace.as_owner() as connection:
        return lacking_for_companion(connection)


def of_session(workplace: Workplace, user_id: UUID) -> Caller | None:
    """Who is signed in with a session of M.O.S.S.; None if the log-in is gone or switched off.

    Args:
        workplace: where.
        user_id: whom the session names.
    """
    with workplace.as_owner() as connection:
        if not users.has_users(connection):
            return None
        user = users.find_user(connection, user_id)
    return None if user is None else _caller(user)


def of_moss_token(workplace: Workplace, token: str, address: str) -> Caller | None:
    """Whose API token of M.O.S.S. this is; its use is counted there. None if it does not hold.

    A token does what its scopes allow and its owner may: with `admin` what the owner's role allows, with `read` or
    `write` it only looks, and without any of them nothing.

    Args:
        workplace: where.
        token: as it was sent.
        address: of the caller, for M.O.S.S.'s own list of tokens.
    """
    if not token.startswith(_BEGINNING_OF_MOSS) or len(token.encode()) > _MOST_TOKEN_BYTES:
        return None
    remember_secret(token)
    with workplace.as_owner() as connection:
        if not users.has_users(connection):
            return None
        candidates = users.usable_tokens(connection, token[:_PREFIX_CHARACTERS])
        stored = _matching(token, candidates)
        caller = None if stored is None else _caller(stored.owner)
        if stored is None or caller is None or not stored.scopes & {"read", "write", "admin"}:
            return None
        users.note_use(connection, stored.id, address)
    if "admin" in stored.scopes:
        return caller
    return Caller(caller.name, Role.USER, caller.user_id)


def of_own_token(workplace: Workplace, token: str) -> Caller | None:
    """The companion's own administrator, if this is the token of `new_token`."""
    if not token.startswith(_BEGINNING_OF_OURS):
        return None
    remember_secret(token)
    with workplace.as_owner() as connection:
        row = fetch_one(connection, "companion/administrator_token")
    if row is None or not hmac.compare_digest(bytes(row["token_hash"]), _digest(token)):
        return None
    return Caller(ADMINISTRATOR, Role.SUPER_ADMIN)


def new_token(workplace: Workplace, made_by: str) -> str:
    """Makes the companion's administrator token, in place of any before; only its hash is kept.

    Args:
        workplace: where.
        made_by: the person.

    Returns:
        The token, to be shown once.
    """
    token = _BEGINNING_OF_OURS + secrets.token_urlsafe(32)
    remember_secret(token)
    with workplace.as_owner() as connection:
        execute(
            connection,
            "companion/replace_administrator_token",
            {"token_hash": _digest(token), "made_by": made_by},
        )
    return token


@contextmanager
def noting(
    workplace: Workplace,
    choice: IntegrationChoice,
    caller: Caller,
    action: str,
    whereabouts: Whereabouts,
) -> Iterator[dict[str, Any]]:
    """Notes an administrative act in M.O.S.S.'s log once it is done; one that fails leaves no line that says it was.

    Args:
        workplace: where.
        choice: of which integration.
        caller: who.
        action: what, e.g. `trigger_sync`.
        whereabouts: of the request.

    Yields:
        Where to put the details, before and after; what looks like a secret is taken out.
    """
    details: dict[str, Any] = {}
    yield details
    with workplace.deciding(choice) as (connection, integration):
        note(connection, integration, caller, action, details, whereabouts)


def note(
    connection: psycopg.Connection,
    integration: Integration,
    caller: Caller,
    action: str,
    details: Mapping[str, Any],
    whereabouts: Whereabouts,
) -> None:
    """As `noting`, in the caller's own transaction: both are done, or neither is."""
    if users.has_users(connection):
        users.note_act(
            connection,
            caller.user_id,
            action,
            ("integration", integration.id),
            {"name": integration.name, "by": caller.name, **_clean(details)},
            whereabouts,
        )


def _clean(details: Mapping[str, Any]) -> dict[str, Any]:
    def clean(value: Any) -> Any:
        match value:
            case str():
                return scrubbed(value)
            case Mapping():
                return {key: clean(each) for key, each in value.items()}
            case list() | tuple():
                return [clean(each) for each in value]
            case _:
                return value

    return {key: clean(value) for key, value in details.items()}


def _caller(user: User) -> Caller | None:
    role = _ROLES.get(user.role)
    return Caller(user.email, role, user.id) if user.is_active and role is not None else None


def _matching(token: str, candidates: tuple[StoredToken, ...]) -> StoredToken | None:
    given = token.encode()
    if not candidates:
        bcrypt.checkpw(given, _NOBODYS_HASH)
    for stored in candidates:
        try:
            if bcrypt.checkpw(given, stored.token_hash.encode()):
                return stored
        except ValueError:  # what somebody else put there is no hash of bcrypt's
            continue
    return None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
