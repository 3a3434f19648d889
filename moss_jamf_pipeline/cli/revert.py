"""`moss-jamf revert`: undoes what an applied plan wrote, as far as it still stands, as one Dagster run."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape

from moss_jamf_pipeline.catalogue.object_types import ObjectTypeName, plural_of
from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    TriggeredByOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import explained, named, print_json, print_table, stderr, stdout
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.cli.reports import exit_code, print_run, run_document
from moss_jamf_pipeline.cli.sync import run_with_progress
from moss_jamf_pipeline.moss.apply.reverting import UndoneChanges
from moss_jamf_pipeline.services import plans, reverts
from moss_jamf_pipeline.services.pages import Page
from moss_jamf_pipeline.services.reverts import LeftChange, Revert, RevertScope
from moss_jamf_pipeline.services.runs import RunOptions
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

app = single_command()

_UNDOING = {
    "update": "fields put back",
    "unlink": "links deleted",
    "relink": "links as they were",
    "delete": "deleted, as they were created",
    "add": "added back",
    "remove": "removed again",
}


@app.command()
@naming_places
def revert(
    plan_id: Annotated[
        int,
        typer.Argument(metavar="PLAN", min=1, help="The plan to undo: `moss-jamf plan list`."),
    ],
    object_type: Annotated[
        ObjectTypeName | None,
        typer.Option("--type", help="Only this type of object, with its links."),
    ] = None,
    object_named: Annotated[
        str | None,
        typer.Option(
            "--object",
            metavar="NAME",
            help="Only this object, with its interfaces and memberships: a Mac by serial number or host name, a person "
            "by e-mail address or user name, a group by name, any by its M.O.S.S. id.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make the plan of it and show it; apply nothing.")
    ] = False,
    pin: Annotated[
        bool,
        typer.Option("--pin", help="Pin every field that goes back: no sync writes it again."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    integration: IntegrationOption = None,
    triggered_by: TriggeredByOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Undo an applied plan: every field that still holds what the plan wrote, links, members, and what it created.

    What M.O.S.S. holds otherwise by now, and what other data refers to, stays and is reported. Without --pin the next
    sync writes again what JAMF has.
    """
    if object_type is ObjectTypeName.LINK:
        raise typer.BadParameter(
            "Links go with their objects; name the type of these.", param_hint="--type"
        )
    if as_json and not (yes or dry_run):
        raise typer.BadParameter("A machine is not asked; add --yes.", param_hint="--json")
    who = operator(triggered_by)
    with explained(as_json=as_json, verbose=verbose):
        settings = plans.naming_integration_of(Settings().naming(integration), plan_id)
        with Workplace(settings) as workplace:
            choice = settings.integration
            scope = RevertScope(
                object_type, _object_id(workplace, choice, object_named, object_type)
            )
            if not yes and not dry_run:
                _ask(reverts.preview(workplace, choice, plan_id, scope))
            made = reverts.make(
                workplace, choice, plan_id, scope, pinned_by=who if pin and not dry_run else None
            )
            if dry_run or not made.waits:
                _report(made, as_json=as_json)
                if not as_json:
                    _print_next_steps(made, is_applied=False, is_pinned=pin)
                return
            options = RunOptions("apply", plan_id=made.plan_id)
            run = run_with_progress(workplace, options, triggered_by=who)
            done = reverts.conclude(workplace, choice, made, is_pinned=pin)
    if as_json:
        print_json({**_document(done.revert), "pinned": done.pinned, "run": run_document(run)})
    else:
        _report(done.revert, as_json=False)
        if done.released:
            stdout.print(f"{done.released:,} fields that did not go back are not pinned.")
        print_run(run, verbose=verbose)
        if not run.failures:
            _print_next_steps(done.revert, is_applied=True, is_pinned=pin)
    if exit_code(run):
        raise typer.Exit(exit_code(run))


def _object_id(
    workplace: Workplace, choice: IntegrationChoice, name: str | None, object_type: str | None
) -> UUID | None:
    """The M.O.S.S. id of the object that is named. An id is taken as it is: its object may be gone."""
    if name is None:
        return None
    try:
        return UUID(name)
    except ValueError:
        found = reverts.object_named(workplace, choice, name, object_type)
    stderr.print(f"Only the {found.object_type.value} {found.words}.", markup=False, soft_wrap=True)
    return found.object_id


def _ask(preview: Revert) -> None:
    """Shows what would be undone, and asks.

    Raises:
        typer.Abort: the answer is no.
    """
    _print_changes(preview.undone, f"What would be undone of plan {preview.reverts}")
    _print_left(preview.left)
    if preview.waits:
        typer.confirm(f"Undo this of plan {preview.reverts}?", abort=True, err=True)


def _document(revert: Revert) -> dict[str, object]:
    """What a revert undoes or undid, and what it leaves."""
    total = revert.left.total
    return {
        "reverts": revert.reverts,
        "plan_id": revert.plan_id,
        "undone": revert.undone,
        "not_undone": [{**asdict(change), "total": total} for change in revert.left],
    }


def _report(revert: Revert, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(revert))
        return
    _print_changes(revert.undone, f"Plan {revert.plan_id} undoes plan {revert.reverts}")
    _print_left(revert.left)


def _print_changes(changes: tuple[UndoneChanges, ...], title: str) -> None:
    shown = [change for change in changes if change.outcome in {"waiting", "applied"}]
    if not shown:
        stdout.print("Nothing of it can be undone: M.O.S.S. holds none of it as it was written.")
        return
    print_table(
        ["objects", "undone", "number", "fields"],
        [
            [
                plural_of(change.object_type),
                _UNDOING[change.action],
                change.objects,
                change.fields or None,
            ]
            for change in shown
        ],
        title=title,
        numbers=["number", "fields"],
    )


def _print_left(left: Page[LeftChange]) -> None:
    if not left.items:
        return
    print_table(
        ["object", "name", "stays", "because"],
        [
            [
                change.object_type,
                named(change.label or change.external_id, change.serial_number),
                "; ".join(
                    f"{field}: {_value(moved.present)} (was written: {_value(moved.written)})"
                    for field, moved in change.moved.items()
                )
                or _UNDOING[change.action],
                change.outcome_detail,
            ]
            for change in left
        ],
        title=f"Not undone: {left.total:,}"
        + (f", the first {len(left)}" if left.total > len(left) else "")
        + "; `moss-jamf plan show` of the revert has them all",
    )


def _value(value: str | None) -> str:
    return "(empty)" if value is None else value


def _print_next_steps(revert: Revert, *, is_applied: bool, is_pinned: bool) -> None:
    plan_id = revert.plan_id
    stdout.print()
    if not is_applied:
        steps = [
            f"`moss-jamf plan show {plan_id}` lists every change of the revert; nothing was applied.",
            f"The same without --dry-run undoes it; `moss-jamf apply {plan_id}` applies exactly this plan.",
        ]
    elif is_pinned:
        steps = [
            "The fields that went back are pinned; `moss-jamf conflicts list --status resolved --kind reverted` lists.",
            "Links, members and objects are not: the next sync makes again what JAMF has.",
        ]
    else:
        steps = [
            "The next sync writes again what JAMF has. Change it there, or revert with --pin to keep the fields.",
        ]
    for step in steps:
        stdout.print(f"→ {escape(step)}", soft_wrap=True)
