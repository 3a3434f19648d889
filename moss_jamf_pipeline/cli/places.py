"""The first and the last line of commands that write: which database, which JAMF server."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from rich.markup import escape

from moss_jamf_pipeline.cli.output import explained, stderr, stdout
from moss_jamf_pipeline.services.places import places_of
from moss_jamf_pipeline.settings import Settings


def naming_places(command: Callable[..., None]) -> Callable[..., None]:
    """Lets a command's first and last line name the database and the JAMF server.

    They go to standard output, or to standard error where that is one JSON document.

    Args:
        command: a command's function; its options `integration` and `as_json`, if it has them, are heeded.
    """

    @wraps(command)
    def named(*arguments: Any, **options: Any) -> None:
        console = stderr if options.get("as_json") else stdout

        def name_them() -> None:
            with explained(as_json=False):
                places = places_of(Settings().naming(options.get("integration")))
            console.print(escape(places.sentence), style="dim", soft_wrap=True)

        name_them()
        try:
            command(*arguments, **options)
        finally:
            # What the command itself has made or saved counts now.
            name_them()

    return named
