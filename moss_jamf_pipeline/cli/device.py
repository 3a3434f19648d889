"""`moss-jamf device`: the story of a Mac."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, single_command
from moss_jamf_pipeline.cli.story import AsOfOption, EventsOption, tell_story
from moss_jamf_pipeline.services.story_finding import Subject

app = single_command()


@app.command()
def device(
    sought: Annotated[
        str,
        typer.Argument(
            metavar="SERIAL|HOSTNAME",
            help="Serial number or host name; also a M.O.S.S. id, or jamf:ID.",
        ),
    ],
    as_of: AsOfOption = None,
    limit: EventsOption = 30,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the story of a Mac: both sides, which rule decides each field, and what happened to it."""
    tell_story(
        Subject.DEVICE, sought, as_of=as_of, limit=limit, integration=integration, as_json=as_json
    )
