"""The contract as tests see it: the roles of a database by their names, and statements run under one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from moss_jamf_pipeline.moss.contract.installation import READER, WRITER, Role, installation
from moss_jamf_pipeline.moss.contract.roles import take_on

ROLES: Final[tuple[Role, ...]] = (READER, WRITER)


def role_of(connection: psycopg.Connection, role: Role) -> str:
    """The name that a role has in the database of a connection."""
    return installation(connection).role_name(role)


@contextmanager
def as_role(connection: psycopg.Connection, role: Role) -> Iterator[psycopg.Connection]:
    """The same connection under another role, for statements whose effect is rolled back."""
    with connection.transaction(force_rollback=True):
        take_on(connection, role, for_transaction=True)
        yield connection
