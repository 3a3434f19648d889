"""`moss-jamf db`: the embedded PostgreSQL, to start, stop and find. Imports nothing heavy: scripts use `db url`."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import JsonOption, command_group
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, stdout
from moss_jamf_pipeline.embedded.postgres import EmbeddedStatus
from moss_jamf_pipeline.engine.databases import (
    DAGSTER_VARIABLE,
    MOSS_VARIABLE,
    embedded_postgres,
    given_moss_url,
    resolve_dagster_url,
)
from moss_jamf_pipeline.settings import Settings

app = command_group()


@app.callback()
def db() -> None:
    """The embedded PostgreSQL, used when MOSS_DATABASE_URL is not set: start it, stop it, find it.

    Commands that need it start it and end it by themselves; `db start` keeps it running, e.g. for psql.
    """


@app.command()
def start(as_json: JsonOption = False) -> None:
    """Start the embedded PostgreSQL and leave it running, until `moss-jamf db stop`."""
    with explained(as_json=as_json):
        state = embedded_postgres(Settings()).start_and_keep()
        _print_status(state, as_json=as_json)


@app.command()
def stop(as_json: JsonOption = False) -> None:
    """Stop the embedded PostgreSQL, also under commands that use it. The data stays."""
    with explained(as_json=as_json):
        postgres = embedded_postgres(Settings())
        was_running = postgres.stop()
        if as_json:
            print_json({"was_running": was_running})
        else:
            stdout.print("Stopped." if was_running else "It was not running.")


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Say whether the embedded PostgreSQL runs, and where. Starts nothing."""
    with explained(as_json=as_json):
        _print_status(embedded_postgres(Settings()).status(), as_json=as_json)


@app.command()
def url(
    dagster: Annotated[
        bool, typer.Option("--dagster", help="Dagster's own database instead.")
    ] = False,
) -> None:
    """Print the URL of the M.O.S.S. database, with its password, and nothing else: psql "$(moss-jamf db url)".

    That is MOSS_DATABASE_URL if it is set, else the embedded server's, which must be running.
    """
    with explained():
        typer.echo(_url(Settings(), dagster=dagster))


def _url(settings: Settings, *, dagster: bool) -> str:
    given = given_moss_url(settings)
    if dagster and (given or settings.dagster_pg_url):
        return resolve_dagster_url(settings)
    if given:
        return given
    postgres = embedded_postgres(settings)
    if not postgres.status().is_running:
        raise CommandFailed(
            "The embedded PostgreSQL is not running, so there is no address that would answer.",
            f"Start it with `moss-jamf db start`, or set {DAGSTER_VARIABLE if dagster else MOSS_VARIABLE}.",
        )
    return postgres.url("dagster" if dagster else "moss")


def _print_status(state: EmbeddedStatus, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "is_running": state.is_running,
                "is_kept": state.is_kept,
                "port": state.port,
                "version": state.version,
                "directory": str(state.directory),
            }
        )
        return
    if not state.is_running:
        stdout.print(
            f"The embedded PostgreSQL in {state.directory} is not running.", soft_wrap=True
        )
        return
    until = "until `moss-jamf db stop`" if state.is_kept else "as long as a command uses it"
    stdout.print(
        f"PostgreSQL {state.version} runs on 127.0.0.1:{state.port}, {until}. Its data is in {state.directory}.",
        soft_wrap=True,
    )
    stdout.print('Open it with: psql "$(moss-jamf db url)"')
