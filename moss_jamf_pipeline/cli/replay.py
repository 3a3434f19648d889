"""`moss-jamf replay`: what a sync of a stored slot would do to M.O.S.S. as it is now."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    TriggeredByOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.cli.sync import replay_slot

app = single_command()


@app.command()
@naming_places
def replay(
    slot: Annotated[
        str, typer.Argument(metavar="SLOT", help="The slot's start, UTC, e.g. 2026-11-22-06:00.")
    ],
    integration: IntegrationOption = None,
    triggered_by: TriggeredByOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Plan what is stored of a slot, without asking JAMF: the same as `sync --dry-run --slot`.

    The plan can be looked at with `moss-jamf plan show`; it supersedes none and is never applied.
    """
    replay_slot(
        slot,
        integration=integration,
        triggered_by=triggered_by,
        as_json=as_json,
        verbose=verbose,
    )
