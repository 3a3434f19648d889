"""M.O.S.S.'s objects as they are, for the demo's own pages: M.O.S.S. itself shows them where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from moss_jamf_pipeline.moss.statements import fetch_all, fetch_one
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.workplace import Workplace

ObjectType = Literal["device", "person", "group"]

_NOT_SHOWN: Final = "label"
_FIRST_PAGE: Final = PageRequest()


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object in a list.

    Attributes:
        id: M.O.S.S.'s.
        label: what it is called.
        remark: what tells it from others of that name.
    """

    id: UUID
    label: str | None
    remark: str | None


@dataclass(frozen=True, slots=True)
class ShownObject:
    """An object by itself.

    Attributes:
        label: what it is called.
        values: field to what M.O.S.S. has, in the order in which it is shown.
    """

    label: str | None
    values: Mapping[str, str | None]


def list_objects(
    workplace: Workplace,
    object_type: ObjectType,
    wanted: str | None = None,
    page: PageRequest = _FIRST_PAGE,
) -> Page[ListedObject]:
    """The objects of a type, by name; only those in whose name or remark something stands, if that is wanted."""
    with workplace.looking() as connection:
        return page_of(
            lambda asked: fetch_all(
                connection,
                "demo/inventory_objects",
                {
                    "object_type": object_type,
                    "sought": wanted or None,
                    "row_limit": asked.limit,
                    "row_offset": asked.offset,
                },
            ),
            page,
            lambda row: record(ListedObject, row),
        )


def show_object(
    workplace: Workplace, object_type: ObjectType, object_id: UUID
) -> ShownObject | None:
    """An object as M.O.S.S. has it; None: it has none of that id."""
    names = {
        "device": "demo/inventory_device",
        "person": "demo/inventory_person",
        "group": "demo/inventory_group",
    }
    with workplace.looking() as connection:
        row = fetch_one(connection, names[object_type], {"object_id": object_id})
    if row is None:
        return None
    values = {name: value for name, value in row.items() if name != _NOT_SHOWN}
    return ShownObject(row[_NOT_SHOWN], values)
