"""Whole lists for a spreadsheet: a plan, open conflicts, the quarantine, linked devices. Only looks.

What a list holds is said by its own service; here it is said which lists there are, and what their columns are called.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, Literal

from moss_jamf_pipeline.services import conflicts, device_lists, plans, quarantine
from moss_jamf_pipeline.services.conflicts import Conflict
from moss_jamf_pipeline.services.device_lists import ListedDevice
from moss_jamf_pipeline.services.plans import ExportedChange
from moss_jamf_pipeline.services.quarantine import Quarantined
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

ListName = Literal["plan", "conflicts", "quarantine", "devices"]
"""What can be exported whole."""

Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A whole list.

    Attributes:
        name: what it is a list of.
        columns: the names of its columns.
        rows: its rows, as they are read; one value per column.
    """

    name: ListName
    columns: tuple[str, ...]
    rows: Iterator[Values]


Opened = AbstractContextManager[Iterator[Any]]
_Open = Callable[[Workplace, IntegrationChoice, int | None], Opened]

# List -> what a row of it is, and what reads it; of a plan, that of the number.
_LISTS: Final[Mapping[ListName, tuple[type[Any], _Open]]] = {
    "plan": (ExportedChange, plans.exported),
    "conflicts": (Conflict, lambda workplace, choice, _: conflicts.exported(workplace, choice)),
    "quarantine": (
        Quarantined,
        lambda workplace, choice, _: quarantine.exported(workplace, choice),
    ),
    "devices": (
        ListedDevice,
        lambda workplace, choice, _: device_lists.exported(workplace, choice),
    ),
}


@contextmanager
def exported(
    workplace: Workplace, choice: IntegrationChoice, name: ListName, plan_id: int | None = None
) -> Iterator[Export]:
    """A whole list, as it is read: in the memory of a page, however long it is.

    Args:
        workplace: where.
        choice: which integration.
        name: which list.
        plan_id: the plan; None: the newest.

    Raises:
        NothingCaptured: there is no such plan; when the block is entered.
    """
    kind, open_list = _LISTS[name]
    with open_list(workplace, choice, plan_id) as items:
        yield export_of(name, kind, items)


def export_of(name: ListName, kind: type[Any], items: Iterator[Any]) -> Export:
    """A list that is open as one to be exported.

    Args:
        name: what it is a list of.
        kind: the dataclass of its items.
        items: as they are read.
    """
    columns = tuple(field.name for field in fields(kind))
    return Export(name, columns, map(attrgetter(*columns), items))
