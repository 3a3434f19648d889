"""An integration whose row was deleted in M.O.S.S. and made again: what was known of its objects goes on.

With the row M.O.S.S. deletes its links. What `jamf_sync` knows stays: which JAMF record was which object, what was last
written, what people decided. The row that is made in its place takes that over with its first run. The links are
M.O.S.S.'s: the first run that writes makes them again, and one that writes nothing goes by them as if they were there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg

from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.statements import (
    execute,
    fetch_value,
    reading_presumed_links,
)


@dataclass(frozen=True, slots=True)
class Succession:
    """What an integration took over.

    Attributes:
        name: what the former one was called.
        links: how many links were made again.
        is_presumed: they were not, and the run goes by them as if they were.
    """

    name: str
    links: int
    is_presumed: bool = False

    @property
    def sentence(self) -> str:
        """The same for people."""
        linked = (
            "are taken for linked as they were"
            if self.is_presumed
            else "were linked again as they were"
        )
        return (
            f"This integration takes the place of {self.name!r}, whose row was deleted in M.O.S.S.: {self.links:,} "
            f"objects {linked}, and its captures, conflicts and decisions go on."
        )


def take_over(
    connection: psycopg.Connection, integration_id: UUID, server: str | None
) -> Succession | None:
    """Notes that an integration is there; gives it what a former one knew, and makes its links again.

    Args:
        connection: under the writing role, in a transaction: a run that dies in it leaves all of it to the next.
        integration_id: the one that takes over.
        server: the address of the JAMF server, as far as the environment names it.

    Returns:
        What it took over; None: it took no place, or has everything.
    """
    name = _succeed(connection, integration_id, server)
    if name is None:
        return None
    links = make_links(connection, integration_id)
    execute(connection, "integration/note_links_made", {"integration_id": integration_id})
    return Succession(name, links)


def make_links(connection: psycopg.Connection, integration_id: UUID) -> int:
    """Makes the links of an integration again; returns how many.

    Args:
        connection: under the writing role.
        integration_id: one that took over.
    """
    return execute(connection, "integration/link_again", {"integration_id": integration_id})


@contextmanager
def presumed(
    connection: psycopg.Connection, integration_id: UUID, server: str | None
) -> Iterator[Succession | None]:
    """Goes by the links of an integration, made in the place of another, as if they were there; M.O.S.S. has none.

    What is kept here of the former one is taken over for good.

    Args:
        connection: under the reading role, in autocommit mode; its statements read these links inside the context.
        integration_id: which.
        server: as in `take_over`.

    Yields:
        What was taken over; None: it took no place, has everything, or the log-in may only read.
    """
    try:
        with writing(connection):
            name = _succeed(connection, integration_id, server)
    except MossNotPrepared:
        # A log-in that may only read takes nothing over: it plans by the links that are there.
        name = None
    if name is None:
        yield None
        return
    execute(connection, "integration/create_presumed_links")
    try:
        links = execute(connection, "integration/presume_links", {"integration_id": integration_id})
        connection.execute("analyze pg_temp.presumed_links")
        with reading_presumed_links(connection):
            yield Succession(name, links, is_presumed=True)
    finally:
        if not connection.broken and not connection.closed:
            # The connection goes back to the pool.
            execute(connection, "integration/drop_presumed_links")


def _succeed(
    connection: psycopg.Connection, integration_id: UUID, server: str | None
) -> str | None:
    """What the one was called whose place an integration takes, and whose links are not made yet."""
    parameters = {"integration_id": integration_id, "server": server}
    former_id = fetch_value(connection, "integration/note_integration", parameters)
    if former_id is None:
        return None
    return str(
        fetch_value(
            connection,
            "integration/succeed",
            {"former_id": former_id, "integration_id": integration_id},
        )
    )
