"""`moss-jamf init`: prepares the M.O.S.S. database."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import JsonOption, single_command
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, stdout
from moss_jamf_pipeline.cli.workplace import Preparation, prepare_databases
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.settings import Settings

app = single_command()


@app.command()
def init(
    create_moss: Annotated[
        bool,
        typer.Option(
            "--create-moss",
            help="Into an empty database: create the M.O.S.S. tables of the strategy as well. Not for a real M.O.S.S.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Prepare the M.O.S.S. database: our schema, the contract over its tables, the integration's row. Safe to repeat.

    M.O.S.S.'s own tables are not changed. Needs a role that may create schemas.
    """
    with explained(as_json=as_json):
        settings = Settings()
        try:
            done = prepare_databases(settings, may_create_moss=create_moss)
        except MossNotPrepared as error:
            raise CommandFailed(
                str(error).removesuffix(error.remedy).strip(),
                f"{error.remedy} For a trial in an empty database: `moss-jamf init --create-moss`.",
            ) from error
        if as_json:
            print_json(_document(done, settings))
        else:
            _print(done, settings)


def _document(done: Preparation, settings: Settings) -> dict[str, object]:
    return {
        "database": done.databases.where,
        "dialect": done.schema.dialect,
        "moss_created": done.schema.created_moss,
        "migrations": done.schema.migrations,
        "integration": settings.integration_name,
        "integration_created": done.integration_created,
    }


def _print(done: Preparation, settings: Settings) -> None:
    stdout.print(f"Database: {done.databases.where}.", soft_wrap=True)
    if done.schema.created_moss:
        stdout.print("Created the M.O.S.S. tables of the strategy.")
    if done.schema.migrations:
        stdout.print(
            f"Brought the schema jamf_sync up to date: {', '.join(done.schema.migrations)}.",
            soft_wrap=True,
        )
    else:
        stdout.print("The schema jamf_sync was up to date.")
    stdout.print(f"Installed the contract (dialect: {done.schema.dialect}).")
    verb = "Created" if done.integration_created else "Found"
    stdout.print(f"{verb} the integration {settings.integration_name!r}.", markup=False)
    if not settings.jamf_base_url:
        stdout.print(
            "Next: set JAMF_BASE_URL, JAMF_CLIENT_ID and JAMF_CLIENT_SECRET, then `moss-jamf doctor`. "
            "Or try `moss-jamf demo`.",
            soft_wrap=True,
        )
    else:
        stdout.print("Next: `moss-jamf doctor`, then `moss-jamf sync --dry-run`.")
