"""`moss-jamf approve`: shows what the guard holds of a plan, asks, and applies it."""

from typing import Annotated

import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    TriggeredByOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import explained, print_json, print_table, stderr
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.cli.sync import run_and_report
from moss_jamf_pipeline.moss.plan.guard import held_sentences
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.services.approvals import HeldExample, HeldPlan, held_of_plan
from moss_jamf_pipeline.services.plans import naming_integration_of
from moss_jamf_pipeline.services.runs import RunOptions
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()


@app.command()
@naming_places
def approve(
    plan_id: Annotated[
        int | None,
        typer.Argument(metavar="PLAN", min=1, help="The plan's number; the newest by default."),
    ] = None,
    kinds: Annotated[
        list[GuardKind] | None,
        typer.Option("--kind", help="Only this kind of change; may be repeated."),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why it is meant; kept with the plan.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    integration: IntegrationOption = None,
    triggered_by: TriggeredByOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Let through what the guard holds of a plan: shows it, asks, and applies it together with what waits of that plan.

    Who approved what is recorded, and M.O.S.S.'s history names who started the run. Exit code 3: some is still held.
    """
    with explained(as_json=as_json, verbose=verbose):
        settings = naming_integration_of(Settings().naming(integration), plan_id)
        with Workplace(settings) as workplace:
            held = held_of_plan(workplace, settings.integration, plan_id, kinds or [])
    if not held.changes:
        _say_nothing_is_held(held.plan_id, as_json=as_json)
        return
    if as_json and not yes:
        raise typer.BadParameter("A machine is not asked; add --yes.", param_hint="--json")
    if not yes:
        _show(held)
        typer.confirm(f"Apply these changes of plan {held.plan_id}?", abort=True, err=True)
    run_and_report(
        RunOptions(
            "apply", plan_id=held.plan_id, approve=held.kinds, approval_reason=reason.strip()
        ),
        integration=settings.integration.name,
        triggered_by=triggered_by,
        as_json=as_json,
        verbose=verbose,
    )


def _say_nothing_is_held(plan_id: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"plan_id": plan_id, "held": []})
    else:
        stderr.print(f"The guard holds nothing of plan {plan_id}: there is nothing to approve.")


def _show(held: HeldPlan) -> None:
    """Shows what is held on standard output, kind by kind."""
    for kind, examples in held.examples.items():
        changes = [change for change in held.changes if change.kind is kind]
        for sentence in held_sentences(changes):
            stderr.print(f"[yellow]![/] {escape(sentence)}", soft_wrap=True)
        total = sum(change.planned for change in changes)
        print_table(
            ["action", "object", "name", "serial number", "JAMF id", "before → after"],
            [
                [
                    example.action,
                    example.object_type,
                    example.label,
                    example.serial_number,
                    example.external_id,
                    _changes(example),
                ]
                for example in examples
            ],
            title=f"{kind}: the first {len(examples)} of {total:,}; "
            f"all of them: moss-jamf plan show {held.plan_id} --held {kind}",
        )


def _changes(example: HeldExample) -> str:
    if example.action == "create":
        return "; ".join(f"{field}: {value}" for field, value in example.after.items() if value)
    if example.action == "unenroll":
        return "marked as gone from JAMF"
    changes = [
        f"{field}: {example.before.get(field) or '(empty)'} → {value or '(empty)'}"
        for field, value in example.after.items()
    ]
    if example.previous_external_id is not None:
        changes.insert(0, f"JAMF id: {example.previous_external_id} → {example.external_id}")
    return "; ".join(changes)
