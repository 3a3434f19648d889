"""`moss-jamf person`: the story of a person."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, single_command
from moss_jamf_pipeline.cli.story import AsOfOption, EventsOption, tell_story
from moss_jamf_pipeline.services.story_finding import Subject

app = single_command()


@app.command()
def person(
    sought: Annotated[
        str,
        typer.Argument(
            metavar="EMAIL|USERNAME",
            help="E-mail address or user name; also a full name, a M.O.S.S. id, or jamf:ID.",
        ),
    ],
    as_of: AsOfOption = None,
    limit: EventsOption = 30,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the story of a person: both sides, which rule decides each field, their Macs, and what happened."""
    tell_story(
        Subject.PERSON, sought, as_of=as_of, limit=limit, integration=integration, as_json=as_json
    )
