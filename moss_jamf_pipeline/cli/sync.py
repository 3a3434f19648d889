"""`moss-jamf sync`: one Dagster run of the sync, in this process; and what other commands that start a run share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import dagster as dg
import typer

from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.options import (
    EmbeddedOption,
    IntegrationOption,
    JsonOption,
    TriggeredByOption,
    VerboseOption,
    allow_embedded,
    single_command,
)
from moss_jamf_pipeline.cli.output import explained, print_json
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.cli.progress import RunProgress
from moss_jamf_pipeline.cli.reports import exit_code, print_next_steps, print_run, run_document
from moss_jamf_pipeline.definitions import build_definitions, defs
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.slots import is_slot, slot_key_at
from moss_jamf_pipeline.orchestration.launching import InProcessLauncher
from moss_jamf_pipeline.orchestration.remembered import first_slot
from moss_jamf_pipeline.services.preparation import prepare_if_embedded
from moss_jamf_pipeline.services.runs import RunOptions, RunReport, run_to_its_end
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()


class SweepOption(StrEnum):
    """How computers are captured."""

    AUTO = "auto"
    FULL = "full"
    INCREMENTAL = "incremental"


class Part(StrEnum):
    """What can be synced by itself."""

    COMPUTERS = "computers"
    MOBILE_DEVICES = "mobile-devices"
    USERS = "users"
    GROUPS = "groups"


@app.command()
@naming_places
def sync(
    only: Annotated[
        Part | None, typer.Option("--only", help="Only this part, with what it refers to.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop at the plan: M.O.S.S. is not written.")
    ] = False,
    slot: Annotated[
        str | None,
        typer.Option(
            "--slot",
            metavar="SLOT",
            help="With --dry-run: plan what is stored of this slot, e.g. 2026-11-22-06:00, without asking JAMF. "
            "It can be looked at, and is never applied.",
        ),
    ] = None,
    sweep: Annotated[
        SweepOption,
        typer.Option(
            "--sweep",
            help="How computers are read. full: each whole, so that every edit in JAMF is seen; incremental: all are "
            "listed, and those that changed are read, unless a full sweep is due; auto: as a run from the UI.",
        ),
    ] = SweepOption.AUTO,
    embedded: EmbeddedOption = False,
    integration: IntegrationOption = None,
    triggered_by: TriggeredByOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Bring M.O.S.S. in step with JAMF: capture, match, plan, apply. It is a Dagster run, seen in the UI.

    Exit code 0 also for a partial sync, which says what was left out; 1 when it failed; 3 when changes wait for an
    approval.
    """
    allow_embedded(is_meant=embedded)
    if only is not None and dry_run:
        raise typer.BadParameter(
            "A dry run plans everything; leave out --only.", param_hint="--dry-run"
        )
    if slot is not None and not dry_run:
        raise typer.BadParameter(
            "An older slot is never applied over a newer one; add --dry-run to see what it would do.",
            param_hint="--slot",
        )
    if slot is not None:
        replay_slot(
            slot,
            integration=integration,
            triggered_by=triggered_by,
            as_json=as_json,
            verbose=verbose,
        )
        return
    scope = "plan" if dry_run else only.value.replace("-", "_") if only else "everything"
    run_and_report(
        RunOptions(scope, sweep=sweep.value),
        integration=integration,
        triggered_by=triggered_by,
        as_json=as_json,
        verbose=verbose,
    )


def replay_slot(
    slot: str,
    *,
    integration: str | None = None,
    triggered_by: str | None = None,
    as_json: bool = False,
    verbose: bool = False,
) -> None:
    """Plans a stored slot as a what-if, and says what a sync of it would do.

    Raises:
        typer.BadParameter: it is no slot.
        typer.Exit: with the run's exit code, unless it is 0.
    """
    if not is_slot(slot, first=first_slot(Settings()), now=datetime.now(UTC)):
        raise typer.BadParameter(
            f"{slot!r} is no slot. A slot is named by its start, UTC, e.g. {slot_key_at(datetime.now(UTC))}: "
            "every six hours from 00:00.",
            param_hint="SLOT",
        )
    run_and_report(
        RunOptions("what_if", slot=slot),
        integration=integration,
        triggered_by=triggered_by,
        as_json=as_json,
        verbose=verbose,
    )


def run_and_report(
    options: RunOptions,
    *,
    integration: str | None = None,
    triggered_by: str | None = None,
    as_json: bool = False,
    verbose: bool = False,
) -> None:
    """Runs the sync as it is asked for, shows its progress and reports how it ended.

    Args:
        options: what is asked for.
        integration: which one is synced; the only one of the environment by default.
        triggered_by: who started it; the operating system's user by default.
        as_json: report as one JSON document.
        verbose: show tracebacks.

    Raises:
        typer.Exit: with 1 if it failed, 3 if something waits for an approval.
    """
    settings = Settings().naming(integration)
    with explained(as_json=as_json, verbose=verbose), Workplace(settings) as workplace:
        prepare_if_embedded(workplace, settings.integration)
        report = run_with_progress(workplace, options, triggered_by=triggered_by)
    if as_json:
        print_json(run_document(report))
    else:
        print_run(report, verbose=verbose)
        print_next_steps(report, integration)
    if exit_code(report):
        raise typer.Exit(exit_code(report))


def run_with_progress(
    workplace: Workplace, options: RunOptions, *, triggered_by: str | None = None
) -> RunReport:
    """Runs the sync in this process, and shows its progress on standard error.

    Args:
        workplace: where.
        options: what is asked for.
        triggered_by: who started it; the operating system's user by default.
    """
    settings = workplace.settings
    with RunProgress(SCOPES[options.scope].steps()) as progress:
        return run_to_its_end(
            workplace,
            settings.integration,
            options,
            launcher=InProcessLauncher(settings, _definitions(settings)),
            observer=progress,
            triggered_by=operator(triggered_by),
        )


def _definitions(settings: Settings) -> dg.Definitions:
    """The code location, or one for an integration that only the command line names."""
    configured = settings.naming(None).integrations
    if settings.integration in configured:
        return defs
    return build_definitions([settings.integration], settings)
