"""`moss-jamf init`: prepares the M.O.S.S. database."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import (
    EmbeddedOption,
    IntegrationOption,
    JsonOption,
    allow_embedded,
    single_command,
)
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, stdout
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.moss.errors import MossAbsent
from moss_jamf_pipeline.orchestration.instance import migrate_storage
from moss_jamf_pipeline.services.preparation import (
    Preparation,
    PreparedIntegration,
    prepare_databases,
)
from moss_jamf_pipeline.settings import Settings

app = single_command()


@app.command()
@naming_places
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
    embedded: EmbeddedOption = False,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prepare the M.O.S.S. database: our schema, the contract over its tables, the integration's row. Safe to repeat.

    Dagster's tables are brought up to date too, if an older Dagster made them. M.O.S.S.'s own tables are not changed.
    Needs a role that may create schemas.
    """
    allow_embedded(is_meant=embedded)
    with explained(as_json=as_json):
        settings = Settings().naming(integration)
        try:
            done = prepare_databases(
                settings, settings.meant, may_create_moss=create_moss, enables=enable
            )
        except MossAbsent as error:
            raise CommandFailed(
                str(error).removesuffix(error.remedy).strip(),
                f"{error.remedy} For a trial in an empty database: `moss-jamf init --create-moss`.",
            ) from error
        former = migrate_storage(settings)
        if as_json:
            print_json({**_document(done), "dagster_tables_were": former})
        else:
            _print(done, former)


def _document(done: Preparation) -> dict[str, object]:
    return {
        "database": done.databases.where,
        "dialect": done.schema.dialect.name,
        "moss_created": done.schema.created_moss,
        "migrations": done.schema.migrations,
        "log_ins_left_behind": done.schema.left_behind,
        **(
            _integration_document(done.integrations[0])
            if len(done.integrations) == 1
            else {"integrations": [_integration_document(each) for each in done.integrations]}
        ),
    }


def _integration_document(row: PreparedIntegration) -> dict[str, object]:
    return {
        "integration": row.name,
        "integration_created": row.is_new,
        "integration_enabled": row.is_enabled or row.has_been_enabled,
    }


def _print(done: Preparation, former: str | None) -> None:
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
    if done.schema.left_behind:
        stdout.print(
            f"Given no role of this database: {', '.join(done.schema.left_behind)}. Another database of this server "
            "uses the former roles as well, and nobody can tell whose log-ins these are. Let a database administrator "
            "grant the roles that `moss-jamf doctor` names under Contract to those that are to sync this one.",
            markup=False,
            soft_wrap=True,
        )
    if former is not None:
        stdout.print(f"Brought Dagster's tables up to date; their revision was {former}.")
    for row in done.integrations:
        stdout.print(_about(row), markup=False, soft_wrap=True)
    _print_next_step(done)


def _print_next_step(done: Preparation) -> None:
    lacking = [row for row in done.integrations if row.lacks]
    if not lacking:
        stdout.print("Next: `moss-jamf doctor`, then `moss-jamf sync --dry-run`.")
    elif len(done.integrations) > 1:
        names = ", ".join(repr(row.name) for row in lacking)
        stdout.print(
            f"Next: for {names}, `moss-jamf credentials set --integration NAME --base-url URL`. "
            "Then `moss-jamf doctor`.",
            markup=False,
            soft_wrap=True,
        )
    else:
        demo = " Or try `moss-jamf demo`." if done.databases.is_embedded else ""
        stdout.print(
            f"Next: {lacking[0].lacks} Then `moss-jamf doctor`.{demo}",
            markup=False,
            soft_wrap=True,
        )


def _about(row: PreparedIntegration) -> str:
    text = f"{'Created' if row.is_new else 'Found'} the integration {row.name!r}."
    if row.has_been_enabled:
        return f"{text} It was switched off; now it is on."
    if not row.is_enabled:
        return f"{text} It is switched off: nothing is synced until `moss-jamf init --enable`."
    return text
