"""Pages: what is long is handed out a piece at a time, and says how much there is in all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ItemT = TypeVar("ItemT")
RecordT = TypeVar("RecordT", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which piece of a list is wanted.

    Attributes:
        limit: how many items at most.
        offset: how many to leave out before.
    """

    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """A piece of a list.

    Attributes:
        items: in order.
        total: how many there are in all, however many are here.
        limit: how many were asked for.
        offset: how many come before.
    """

    items: tuple[ItemT, ...]
    total: int
    limit: int
    offset: int

    def __iter__(self) -> Iterator[ItemT]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def record(kind: type[RecordT], row: Mapping[str, Any], **replaced: object) -> RecordT:
    """A row of a statement as a typed result.

    Args:
        kind: a dataclass, whose fields are columns of the row.
        row: may have more columns than that.
        replaced: values of fields that the row does not have, or not in that form.
    """
    values = {
        field.name: tuple(row[field.name]) if isinstance(row[field.name], list) else row[field.name]
        for field in fields(kind)
        if field.name not in replaced
    }
    return kind(**values, **replaced)


def page_of(
    fetch: Callable[[PageRequest], list[dict[str, Any]]],
    wanted: PageRequest,
    typed: Callable[[dict[str, Any]], ItemT],
) -> Page[ItemT]:
    """A page of a statement's rows, each of which carries the `total`.

    Args:
        fetch: runs the statement.
        wanted: which page.
        typed: makes an item of a row.
    """
    rows = fetch(wanted)
    # Beyond the end there is no row to carry the total.
    counted = rows or (fetch(PageRequest(limit=1)) if wanted.offset else [])
    return Page(
        items=tuple(map(typed, rows)),
        total=counted[0]["total"] if counted else 0,
        limit=wanted.limit,
        offset=wanted.offset,
    )
