"""M.O.S.S.'s log-ins: who somebody is and may be now, the API tokens they made, and its log of what administrators did.

Read and written under the log-in's own role: neither role of the pipeline has any business with these tables.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.statements import Row, execute, fetch_all, fetch_one, fetch_value


@dataclass(frozen=True, slots=True)
class User:
    """A log-in of M.O.S.S. as it is now.

    Attributes:
        id: its id.
        email: its address.
        role: M.O.S.S.'s word: `user`, `admin` or `super_admin`.
        is_active: whether it may be used.
    """

    id: UUID
    email: str
    role: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class StoredToken:
    """An API token as M.O.S.S. keeps it.

    Attributes:
        id: its id.
        owner: whose it is.
        token_hash: bcrypt's.
        scopes: of `read`, `write` and `admin`.
    """

    id: UUID
    owner: User
    token_hash: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a request came from, as its connection and it itself say.

    Attributes:
        address: of the client; empty if unknown.
        user_agent: what the client calls itself.
    """

    address: str = ""
    user_agent: str = ""


def has_users(connection: psycopg.Connection) -> bool:
    """Whether this M.O.S.S. has log-ins at all."""
    return bool(fetch_value(connection, "users/has_users"))


def find_user(connection: psycopg.Connection, user_id: UUID) -> User | None:
    """A log-in as it is now; None if it was deleted."""
    row = fetch_one(connection, "users/user_by_id", {"user_id": user_id})
    return None if row is None else _user(row)


def usable_tokens(connection: psycopg.Connection, prefix: str) -> tuple[StoredToken, ...]:
    """The tokens that hold now and begin with a prefix: M.O.S.S. keeps that of each in the clear."""
    with _at_moss_time(connection):
        rows = fetch_all(connection, "users/usable_tokens", {"prefix": prefix})
    return tuple(
        StoredToken(row["token_id"], _user(row), row["token_hash"], _scopes(row["scopes"]))
        for row in rows
    )


def note_use(connection: psycopg.Connection, token_id: UUID, address: str) -> None:
    """Counts a use of a token."""
    with _at_moss_time(connection):
        execute(
            connection,
            "users/note_use_of_token",
            {"token_id": token_id, "address": address or None},
        )


def note_act(
    connection: psycopg.Connection,
    user_id: UUID | None,
    action: str,
    target: tuple[str, UUID | None],
    details: Mapping[str, Any],
    whereabouts: Whereabouts,
) -> None:
    """Notes in M.O.S.S.'s log what an administrator did.

    Args:
        connection: inside the transaction that does it, if one does.
        user_id: who; None: the companion's own administrator.
        action: what, e.g. `trigger_sync`.
        target: the type of object and its id.
        details: what it was before and after; no secret.
        whereabouts: of the request.
    """
    with _at_moss_time(connection):
        execute(
            connection,
            "users/note_administrative_act",
            {
                "user_id": user_id,
                "action": action,
                "target_type": target[0],
                "target_id": target[1],
                "details": Jsonb(dict(details)),
                "address": whereabouts.address or None,
                "user_agent": whereabouts.user_agent or None,
            },
        )


@contextmanager
def _at_moss_time(connection: psycopg.Connection) -> Iterator[None]:
    """A transaction in which times without a zone are those that M.O.S.S. itself would read and write."""
    with connection.transaction():
        before = connection.execute(
            "select current_setting('timezone'), current_setting('search_path')"
        ).fetchone()
        fetch_value(connection, "roles/begin_writing", {"role": "none"})
        yield
        # Only a savepoint has to take them back; a transaction's own settings end with it.
        connection.execute(
            "select set_config('timezone', %s, true), set_config('search_path', %s, true)", before
        )


def _scopes(stored: Any) -> frozenset[str]:
    """The scopes of a token: M.O.S.S. keeps a list of words."""
    words = stored if isinstance(stored, list) else []
    return frozenset(word for word in words if isinstance(word, str))


def _user(row: Row) -> User:
    return User(row["id"], row["email"], row["role"], row["is_active"])
