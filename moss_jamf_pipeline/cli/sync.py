"""`moss-jamf sync`: one Dagster run of the sync, in this process."""

from enum import StrEnum
from typing import Annotated

import typer

from moss_jamf_pipeline.automation import SCOPES
from moss_jamf_pipeline.cli.options import JsonOption, VerboseOption, single_command
from moss_jamf_pipeline.cli.output import explained, print_json
from moss_jamf_pipeline.cli.progress import RunProgress
from moss_jamf_pipeline.cli.reports import print_next_steps, print_run, run_document
from moss_jamf_pipeline.cli.running import RunReport, execute_scope
from moss_jamf_pipeline.cli.workplace import prepare_if_embedded
from moss_jamf_pipeline.settings import Settings

app = single_command()


class Part(StrEnum):
    """What can be synced by itself."""

    COMPUTERS = "computers"
    USERS = "users"
    GROUPS = "groups"


@app.command()
def sync(
    only: Annotated[
        Part | None, typer.Option("--only", help="Only this part, with what it refers to.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop at the plan: M.O.S.S. is not written.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Bring M.O.S.S. in step with JAMF: capture, match, plan, apply. It is a Dagster run, seen in the UI.

    Exit code 0 also for a partial sync, which says what was left out; 1 when it failed.
    """
    if only is not None and dry_run:
        raise typer.BadParameter(
            "A dry run plans everything; leave out --only.", param_hint="--dry-run"
        )
    with explained(as_json=as_json, verbose=verbose):
        settings = Settings()
        prepare_if_embedded(settings)
        scope = "plan" if dry_run else only.value if only else "everything"
        report = run_with_progress(scope, settings)
    if as_json:
        print_json(run_document(report))
    else:
        print_run(report, verbose=verbose)
        print_next_steps(report)
    if report.failures:
        raise typer.Exit(1)


def run_with_progress(scope_name: str, settings: Settings) -> RunReport:
    """Runs a scope and shows its progress on standard error.

    Args:
        scope_name: a key of `automation.SCOPES`.
        settings: the environment.
    """
    scope = SCOPES[scope_name]
    with RunProgress(settings.integration_slug, scope.assets()) as progress:
        return execute_scope(scope, settings, observer=progress)
