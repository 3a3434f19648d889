"""`moss-jamf group`: the story of a group."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, single_command
from moss_jamf_pipeline.cli.story import AsOfOption, EventsOption, tell_story
from moss_jamf_pipeline.services.story_finding import Subject

app = single_command()


@app.command()
def group(
    sought: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Its name, with the prefix [JAMF] or without; also a M.O.S.S. id, or jamf:ID.",
        ),
    ],
    as_of: AsOfOption = None,
    limit: EventsOption = 30,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the story of a group: what JAMF says, what M.O.S.S. has, its members, and what happened to it."""
    tell_story(
        Subject.GROUP, sought, as_of=as_of, limit=limit, integration=integration, as_json=as_json
    )
