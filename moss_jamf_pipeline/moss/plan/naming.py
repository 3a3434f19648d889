"""Names for the ids that plans and conflicts hold: people read "Ada Nyberg", not a uuid."""

from collections.abc import Iterable
from uuid import UUID

import psycopg

from moss_jamf_pipeline.moss.statements import fetch_all

_REFERENCES = frozenset(
    {"assigned_to_person_id", "location_id", "room_id", "device_id", "member_id"}
)


class Names:
    """Translates the values of referring fields into names.

    Args:
        names: id, as text, to name.
    """

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    @classmethod
    def of(
        cls,
        connection: psycopg.Connection,
        values: Iterable[tuple[str | None, str | None]],
        plan_id: int,
    ) -> "Names":
        """Looks up, in one query, the names of all ids among some fields' values.

        Args:
            connection: to the M.O.S.S. database.
            values: field and value, as text.
            plan_id: the plan that may be yet to create the objects.
        """
        ids = sorted(
            {
                value
                for field, value in values
                if field in _REFERENCES and value is not None and _is_id(value)
            }
        )
        rows = (
            fetch_all(connection, "plan/object_names", {"ids": ids, "plan_id": plan_id})
            if ids
            else []
        )
        return cls({str(row["id"]): row["name"] for row in rows if row["name"] is not None})

    def shown(self, field: str | None, value: str | None) -> str | None:
        """A field's value for people: a name where it is a known id, else as it is."""
        return (
            self._names.get(value, value) if field in _REFERENCES and value is not None else value
        )


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
