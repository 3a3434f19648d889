"""`moss-jamf apply`: applies a plan that was made and looked at before, as one Dagster run."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    TriggeredByOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import explained
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.cli.sync import run_and_report
from moss_jamf_pipeline.services.approvals import require_applicable
from moss_jamf_pipeline.services.plans import naming_integration_of
from moss_jamf_pipeline.services.runs import RunOptions
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()


@app.command()
@naming_places
def apply(
    plan_id: Annotated[
        int, typer.Argument(metavar="PLAN", min=1, help="The plan's number: `moss-jamf plan list`.")
    ],
    integration: IntegrationOption = None,
    triggered_by: TriggeredByOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Apply exactly this plan. JAMF is not asked; rows whose M.O.S.S. value moved are refused, the others applied.

    Exit code 3 when the guard holds changes of it: look at them, and release them, with `moss-jamf approve`.
    """
    with explained(as_json=as_json, verbose=verbose):
        settings = naming_integration_of(Settings().naming(integration), plan_id)
        with Workplace(settings) as workplace:
            # Else the run would fail in its first step, and leave a failed run in M.O.S.S.'s history.
            require_applicable(workplace, settings.integration, plan_id)
    run_and_report(
        RunOptions("apply", plan_id=plan_id),
        integration=settings.integration.name,
        triggered_by=triggered_by,
        as_json=as_json,
        verbose=verbose,
    )
