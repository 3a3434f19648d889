"""What is measured: the phases a fleet goes through, one after the other, each a `moss-jamf` command of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moss_jamf_pipeline.simulator import EvolveRequest

SLOT: Final = "{slot}"
"""Stands in a phase's command for the slot that the phase before it captured."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One command that is timed.

    Attributes:
        key: how `--phases` calls it.
        title: how reports call it.
        command: arguments of `moss-jamf`; `SLOT` among them is replaced.
        changed: the share of the computers that change in JAMF before it.
        all_report: whether every other computer sends its inventory before it, too.
    """

    key: str
    title: str
    command: tuple[str, ...]
    changed: float = 0.0
    all_report: bool = True

    def arguments(self, slot: str) -> list[str]:
        """Its command line after `moss-jamf`.

        Args:
            slot: the slot that the phase before it captured.
        """
        return [*(slot if argument == SLOT else argument for argument in self.command), "--json"]


PHASES: Final = (
    Phase("first-import", "first import", ("sync",)),
    Phase("unchanged", "unchanged re-run", ("sync",)),
    Phase("changed", "5 % changed", ("sync",), changed=0.05),
    # As much has changed as in the line above: what is missing to its time is the time of applying.
    Phase("plan-only", "plan only, 5 % changed", ("sync", "--dry-run"), changed=0.05),
    # Of what the dry run captured: what is missing to that one's time is the time of capturing.
    Phase("replay", "replay of that slot", ("replay", SLOT)),
    # As scheduled syncs do between full sweeps, a few hours after the one before.
    Phase(
        "incremental",
        "5 % changed, incremental",
        ("sync", "--sweep", "incremental"),
        changed=0.05,
        all_report=False,
    ),
)


def chosen_phases(keys: Sequence[str]) -> tuple[Phase, ...]:
    """The phases of these keys, in the order of `PHASES`, after the first import, which all others begin with.

    Args:
        keys: of the wanted ones; none for all.

    Raises:
        ValueError: there is no phase of such a name.
    """
    known = [phase.key for phase in PHASES]
    if unknown := [key for key in keys if key not in known]:
        raise ValueError(f"there is no phase {', '.join(unknown)}; there are: {', '.join(known)}")
    first, *others = PHASES
    return (first, *(phase for phase in others if not keys or phase.key in keys))


def changes_before(phase: Phase, computers: int) -> EvolveRequest:
    """What changes in JAMF before a phase, in the proportions of an ordinary week; who changed sends its inventory.

    Args:
        phase: which.
        computers: how many there are.
    """
    changed = round(computers * phase.changed)
    return EvolveRequest(
        enrolments=changed // 10,
        wipes=changed // 20,
        re_enrolments=changed // 20,
        reassignments=changed // 5,
        renames=changed // 10,
        os_updates=changed // 2,
        contacts=phase.all_report,
        reports=True,
    )
