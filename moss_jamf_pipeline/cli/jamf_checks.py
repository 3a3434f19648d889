"""What the commands ask of JAMF Pro to see whether a sync could work."""

from collections.abc import Sequence

from moss_jamf_pipeline.cli.output import CommandFailed
from moss_jamf_pipeline.jamf import MissingPrivilege

READABLE = "computers, users, groups, buildings and departments can be read"


def refuse_missing_privileges(gaps: Sequence[MissingPrivilege]) -> None:
    """Ends the command or the check if credentials may not read something that a sync reads.

    Raises:
        CommandFailed: naming what cannot be read and the privileges, as JAMF's role editor spells them.
    """
    if not gaps:
        return
    names = sorted({f'"{privilege}"' for gap in gaps for privilege in gap.privileges})
    raise CommandFailed(
        f"JAMF's {' and '.join(gap.collection for gap in gaps)} cannot be read "
        f"({', '.join(gap.endpoint for gap in gaps)}).",
        f"In JAMF Pro, give the API role (or the user account) {', '.join(names)}.",
    )
