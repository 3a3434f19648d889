"""An integration whose row was deleted in M.O.S.S. and made again: what was known of its objects goes on.

With the row M.O.S.S. deletes its links. What `jamf_sync` knows stays: which JAMF record was which object, what was last
written, what people decided. The row that is made in its place takes that over with its first run that writes.
"""

from dataclasses import dataclass
from uuid import UUID

import psycopg

from moss_jamf_pipeline.moss.statements import execute, fetch_value


@dataclass(frozen=True, slots=True)
class Succession:
    """What an integration took over.

    Attributes:
        name: what the former one was called.
        links: how many links were made again.
    """

    name: str
    links: int

    @property
    def sentence(self) -> str:
        """The same for people."""
        return (
            f"This integration takes the place of {self.name!r}, whose row was deleted in M.O.S.S.: {self.links:,} "
            "objects were linked again as they were, and its captures, conflicts and decisions go on."
        )


def take_over(connection: psycopg.Connection, integration_id: UUID, former_id: UUID) -> Succession:
    """Gives an integration what a former one knew, and makes its links again.

    Args:
        connection: under the writing role, in the transaction that noted the integration.
        integration_id: the one that takes over.
        former_id: the one whose row is gone.
    """
    name = fetch_value(
        connection,
        "integration/succeed",
        {"former_id": former_id, "integration_id": integration_id},
    )
    links = execute(connection, "integration/link_again", {"integration_id": integration_id})
    return Succession(str(name), links)
