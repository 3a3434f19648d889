"""`moss-jamf sync`: one Dagster run of the sync, in this process; and what other commands that start a run share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import (
    JsonOption,
    TriggeredByOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import explained, print_json
from moss_jamf_pipeline.cli.progress import RunProgress
from moss_jamf_pipeline.cli.reports import print_next_steps, print_run, run_document
from moss_jamf_pipeline.cli.running import Order, RunReport, execute_scope
from moss_jamf_pipeline.cli.workplace import prepare_if_embedded
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.slots import is_slot, slot_key_at
from moss_jamf_pipeline.settings import Settings

app = single_command()

_NOTHING_SPECIAL = Order()


class SweepOption(StrEnum):
    """How computers are captured."""

    AUTO = "auto"
    FULL = "full"
    INCREMENTAL = "incremental"


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
    ] = SweepOption.FULL,
    triggered_by: TriggeredByOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Bring M.O.S.S. in step with JAMF: capture, match, plan, apply. It is a Dagster run, seen in the UI.

    Exit code 0 also for a partial sync, which says what was left out; 1 when it failed; 3 when changes wait for an
    approval.
    """
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
        replay_slot(slot, triggered_by=triggered_by, as_json=as_json, verbose=verbose)
        return
    scope = "plan" if dry_run else only.value if only else "everything"
    run_and_report(
        scope,
        order=Order(sweep=sweep.value),
        triggered_by=triggered_by,
        as_json=as_json,
        verbose=verbose,
    )


def replay_slot(
    slot: str, *, triggered_by: str | None = None, as_json: bool = False, verbose: bool = False
) -> None:
    """Plans a stored slot as a what-if, and says what a sync of it would do.

    Raises:
        typer.BadParameter: it is no slot.
        typer.Exit: with the run's exit code, unless it is 0.
    """
    if not is_slot(slot, first=Settings().first_slot, now=datetime.now(UTC)):
        raise typer.BadParameter(
            f"{slot!r} is no slot. A slot is named by its start, UTC, e.g. {slot_key_at(datetime.now(UTC))}: "
            "every six hours from 00:00.",
            param_hint="SLOT",
        )
    run_and_report(
        "what_if",
        order=Order(slot=slot),
        triggered_by=triggered_by,
        as_json=as_json,
        verbose=verbose,
    )


def run_and_report(
    scope_name: str,
    *,
    order: Order = _NOTHING_SPECIAL,
    triggered_by: str | None = None,
    as_json: bool = False,
    verbose: bool = False,
) -> None:
    """Runs a scope, shows its progress and reports how it ended.

    Args:
        scope_name: a key of `automation.SCOPES`.
        order: what the run is asked beyond that.
        triggered_by: who started it; the operating system's user by default.
        as_json: report as one JSON document.
        verbose: show tracebacks.

    Raises:
        typer.Exit: with 1 if it failed, 3 if something waits for an approval.
    """
    with explained(as_json=as_json, verbose=verbose):
        settings = Settings()
        prepare_if_embedded(settings)
        report = run_with_progress(scope_name, settings, triggered_by=triggered_by, order=order)
    if as_json:
        print_json(run_document(report))
    else:
        print_run(report, verbose=verbose)
        print_next_steps(report)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def run_with_progress(
    scope_name: str,
    settings: Settings,
    *,
    triggered_by: str | None = None,
    order: Order = _NOTHING_SPECIAL,
) -> RunReport:
    """Runs a scope and shows its progress on standard error.

    Args:
        scope_name: a key of `automation.SCOPES`.
        settings: the environment.
        triggered_by: who started it; the operating system's user by default.
        order: what the run is asked beyond that.
    """
    scope = SCOPES[scope_name]
    with RunProgress(settings.integration_slug, scope.steps()) as progress:
        return execute_scope(
            scope, settings, observer=progress, triggered_by=triggered_by, order=order
        )
