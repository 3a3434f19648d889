"""`moss-jamf init`: prepares the M.O.S.S. database."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import JsonOption, single_command
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, stdout
from moss_jamf_pipeline.moss.errors import MossAbsent
from moss_jamf_pipeline.services.preparation import Preparation, prepare_databases
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
    enable: Annotated[
        bool,
        typer.Option(
            "--enable",
            help="Switch the integration on; M.O.S.S.'s own pages cannot, once it exists.",
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
            done = prepare_databases(
                settings, settings.integration, may_create_moss=create_moss, enables=enable
            )
        except MossAbsent as error:
            raise CommandFailed(
                str(error).removesuffix(error.remedy).strip(),
                f"{error.remedy} For a trial in an empty database: `moss-jamf init --create-moss`.",
            ) from error
        if as_json:
            print_json(_document(done))
        else:
            _print(done, settings)


def _document(done: Preparation) -> dict[str, object]:
    return {
        "database": done.databases.where,
        "dialect": done.schema.dialect.name,
        "moss_created": done.schema.created_moss,
        "migrations": done.schema.migrations,
        "integration": done.integration.name,
        "integration_created": done.integration.is_new,
        "integration_enabled": done.integration.is_enabled or done.integration_enabled,
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
    stdout.print(
        f"Installed the contract over {done.schema.dialect.title} (dialect: {done.schema.dialect.name})."
    )
    stdout.print(_about(done), markup=False, soft_wrap=True)
    if not settings.jamf_base_url:
        stdout.print(
            "Next: set JAMF_BASE_URL, JAMF_CLIENT_ID and JAMF_CLIENT_SECRET, then `moss-jamf doctor`. "
            "Or try `moss-jamf demo`.",
            soft_wrap=True,
        )
    else:
        stdout.print("Next: `moss-jamf doctor`, then `moss-jamf sync --dry-run`.")


def _about(done: Preparation) -> str:
    integration = done.integration
    text = f"{'Created' if integration.is_new else 'Found'} the integration {integration.name!r}."
    if done.integration_enabled:
        return f"{text} It was switched off; now it is on."
    if not integration.is_enabled:
        return f"{text} It is switched off: nothing is synced until `moss-jamf init --enable`."
    return text
