"""What happens to the extension attributes of computers between two syncs."""

from collections.abc import Iterable
from typing import Final

from moss_jamf_pipeline.simulator.catalogue import EXTENSION_ATTRIBUTES
from moss_jamf_pipeline.simulator.changes import Change
from moss_jamf_pipeline.simulator.records import Computer
from moss_jamf_pipeline.simulator.sections import attribute_values_of

_LIFECYCLE: Final = EXTENSION_ATTRIBUTES[0]


def choose_anew(computers: Iterable[Computer]) -> list[Change]:
    """Gives computers another choice of the pop-up menu than they have."""
    changes = []
    for computer in computers:
        before = attribute_values_of(_LIFECYCLE, computer)
        choice = next(option for option in _LIFECYCLE.options if option not in before)
        computer.attribute_values = {
            **computer.attribute_values,
            _LIFECYCLE.definition_id: (choice,),
        }
        changes.append(_change(computer, before, (choice,)))
    return changes


def wipe(computers: Iterable[Computer]) -> list[Change]:
    """Takes all values from computers; the attributes themselves stay, without a value."""
    changes = []
    for computer in computers:
        before = attribute_values_of(_LIFECYCLE, computer)
        computer.attribute_values = {each.definition_id: () for each in EXTENSION_ATTRIBUTES}
        changes.append(_change(computer, before, ()))
    return changes


def _change(computer: Computer, before: tuple[str, ...], after: tuple[str, ...]) -> Change:
    return Change(
        id=computer.id,
        before={_LIFECYCLE.name: list(before)},
        after={_LIFECYCLE.name: list(after)},
    )
