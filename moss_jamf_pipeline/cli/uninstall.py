"""`moss-jamf uninstall`: takes everything of ours out of the M.O.S.S. database."""

from typing import Annotated

import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, single_command
from moss_jamf_pipeline.cli.output import explained, print_json, print_table, stdout
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.services import removal
from moss_jamf_pipeline.services.removal import Removal
from moss_jamf_pipeline.settings import Settings

app = single_command()

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1024


@app.command()
@naming_places
def uninstall(
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be removed and what stays; do nothing."),
    ] = False,
    remove_integration: Annotated[
        bool,
        typer.Option(
            "--remove-integration",
            help="Delete the integration's row in M.O.S.S. as well; M.O.S.S. deletes its links and history with it.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove from the M.O.S.S. database what `moss-jamf init` put there: our schemas, Dagster's, the two roles, rights.

    Says first what goes and what stays, and asks. M.O.S.S.'s tables and rows stay as they are. It is one transaction:
    all of it goes, or nothing. Refused while a run or the daemon is alive.
    """
    if as_json and not (yes or dry_run):
        raise typer.BadParameter("A machine is not asked; add --yes.", param_hint="--json")
    settings = Settings().naming(integration)
    with explained(as_json=as_json):
        planned = removal.preview(settings, with_integrations=remove_integration)
        if not as_json:
            _print(planned)
        is_done = not (dry_run or planned.is_nothing)
        if is_done:
            if not yes:
                typer.confirm(f"Remove this from {planned.where}?", abort=True, err=True)
            planned = removal.uninstall(settings, with_integrations=remove_integration)
    if as_json:
        print_json({**_document(planned), "removed": is_done})
    elif is_done:
        stdout.print("Removed. M.O.S.S.'s own tables are as they were before `moss-jamf init`.")


def _document(planned: Removal) -> dict[str, object]:
    return {
        "database": planned.where,
        "schemas": planned.schemas,
        "roles": planned.roles,
        "integrations": planned.integrations,
        "stays": planned.stays,
        "left_rights": planned.left_rights,
    }


def _print(planned: Removal) -> None:
    if planned.is_nothing:
        stdout.print(f"Nothing of ours is in {planned.where}.", markup=False, soft_wrap=True)
        return
    rows: list[list[object]] = [
        ["schema", schema.name, f"{schema.tables} tables, {_size(schema.size)}"]
        for schema in planned.schemas
    ]
    rows += [
        [
            "role",
            role.name,
            f"only its rights here: it is needed in {', '.join(role.elsewhere)}"
            if role.elsewhere
            else "with its rights on M.O.S.S.'s tables",
        ]
        for role in planned.roles
    ]
    rows += [
        ["row of integration_configs", row.name, "with its credentials, links and history"]
        for row in planned.integrations
    ]
    print_table(["what", "name", ""], rows, title=f"Goes from {planned.where}")
    stdout.print("[bold]Stays[/]")
    for sentence in planned.stays:
        stdout.print(f"· {escape(sentence)}", soft_wrap=True)
    if planned.left_rights:
        stdout.print(
            "· What an administrator gave this log-in by name. If it was for the sync alone, this takes it back:"
        )
        for statement in planned.left_rights:
            stdout.print(f"    {escape(statement)}", soft_wrap=True)
    stdout.print()


def _size(size: int) -> str:
    amount, unit = float(size), 0
    while amount >= _STEP and unit < len(_UNITS) - 1:
        amount, unit = amount / _STEP, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}"
