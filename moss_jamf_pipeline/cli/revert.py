"""`moss-jamf revert`: undoes what an applied plan wrote, as far as it still stands, as one Dagster run."""

from typing import Annotated, Any
from uuid import UUID

import psycopg
import typer
from rich.markup import escape

from moss_jamf_pipeline.catalogue.object_types import ObjectTypeName, plural_of
from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.options import (
    JsonOption,
    TriggeredByOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import explained, print_json, print_table, stdout
from moss_jamf_pipeline.cli.reports import print_run, run_document
from moss_jamf_pipeline.cli.running import Order
from moss_jamf_pipeline.cli.sync import run_with_progress
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.moss.apply.reverting import (
    UndoneChanges,
    make_revert_plan,
    not_undone,
    release_pins,
    revert_summary,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration, require_enabled
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.statements import Row
from moss_jamf_pipeline.settings import Settings

app = single_command()

_SHOWN = 50

_UNDOING = {
    "update": "fields put back",
    "unlink": "links deleted",
    "relink": "links as they were",
    "delete": "deleted, as they were created",
    "add": "added back",
    "remove": "removed again",
}


@app.command()
def revert(
    plan_id: Annotated[
        int,
        typer.Argument(metavar="PLAN", min=1, help="The plan to undo: `moss-jamf plan list`."),
    ],
    object_type: Annotated[
        ObjectTypeName | None,
        typer.Option("--type", help="Only this type of object, with its links."),
    ] = None,
    object_id: Annotated[
        UUID | None,
        typer.Option(
            "--object",
            metavar="UUID",
            help="Only this M.O.S.S. object, with its interfaces and memberships.",
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
    scope: dict[str, Any] = {"object_type": object_type, "object_id": object_id}
    with (
        explained(as_json=as_json, verbose=verbose),
        prepared_moss(Settings()) as (connection, integration),
    ):
        require_enabled(integration)
        if not yes and not dry_run:
            _ask(connection, integration, plan_id, scope)
        plan = make_revert_plan(
            connection,
            integration,
            plan_id,
            run_id="moss-jamf revert",
            pinned_by=who if pin and not dry_run else None,
            **scope,
        )
        changes = revert_summary(connection, plan.plan_id)
        if dry_run or not any(change.outcome == "waiting" for change in changes):
            document = _document(connection, plan_id, plan.plan_id, changes)
            _report(document, as_json=as_json)
            if not as_json:
                _print_next_steps(plan_id, plan.plan_id, is_applied=False, is_pinned=pin)
            return
    _apply(plan_id, plan.plan_id, who, is_pinned=pin, as_json=as_json, verbose=verbose)


def _ask(
    connection: psycopg.Connection, integration: Integration, plan_id: int, scope: dict[str, Any]
) -> None:
    """Shows what would be undone, and asks; what was planned for that is rolled back.

    Raises:
        typer.Abort: the answer is no.
    """
    with connection.transaction(force_rollback=True):
        preview = make_revert_plan(connection, integration, plan_id, run_id="a preview", **scope)
        changes = revert_summary(connection, preview.plan_id)
        _print_changes(changes, f"What would be undone of plan {plan_id}")
        _print_left(not_undone(connection, preview.plan_id, limit=_SHOWN))
    if any(change.outcome == "waiting" for change in changes):
        typer.confirm(f"Undo this of plan {plan_id}?", abort=True, err=True)


def _apply(
    undone_plan_id: int, plan_id: int, who: str, *, is_pinned: bool, as_json: bool, verbose: bool
) -> None:
    """Applies the revert as a Dagster run, and says what became of it.

    Raises:
        typer.Exit: with the run's exit code, unless it is 0.
    """
    with explained(as_json=as_json, verbose=verbose):
        settings = Settings()
        run = run_with_progress("apply", settings, triggered_by=who, order=Order(plan_id=plan_id))
        with prepared_moss(settings) as (connection, integration):
            released = release_pins(connection, integration, plan_id) if is_pinned else 0
            changes = revert_summary(connection, plan_id)
            document = _document(connection, undone_plan_id, plan_id, changes)
    document["pinned"] = (
        sum(change.fields for change in changes if change.outcome == "applied") if is_pinned else 0
    )
    if as_json:
        _report({**document, "run": run_document(run)}, as_json=True)
    else:
        _report(document, as_json=False)
        if released:
            stdout.print(f"{released:,} fields that did not go back are not pinned.")
        print_run(run, verbose=verbose)
        if not run.failures:
            _print_next_steps(undone_plan_id, plan_id, is_applied=True, is_pinned=is_pinned)
    if run.exit_code:
        raise typer.Exit(run.exit_code)


def _document(
    connection: psycopg.Connection,
    undone_plan_id: int,
    plan_id: int,
    changes: tuple[UndoneChanges, ...],
) -> dict[str, Any]:
    """What a revert undoes or undid, and what it leaves, with names for ids."""
    left = not_undone(connection, plan_id, limit=_SHOWN)
    values = [
        (field, value)
        for row in left
        for field, sides in row["moved"].items()
        for value in sides.values()
    ]
    names = Names.of(connection, values, plan_id)
    for row in left:
        row["moved"] = {
            field: {side: names.shown(field, value) for side, value in sides.items()}
            for field, sides in row["moved"].items()
        }
    return {
        "reverts": undone_plan_id,
        "plan_id": plan_id,
        "undone": [
            {
                "object_type": change.object_type,
                "action": change.action,
                "outcome": change.outcome,
                "objects": change.objects,
                "fields": change.fields,
            }
            for change in changes
        ],
        "not_undone": left,
    }


def _report(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    changes = tuple(UndoneChanges(**change) for change in document["undone"])
    _print_changes(changes, f"Plan {document['plan_id']} undoes plan {document['reverts']}")
    _print_left(document["not_undone"])


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


def _print_left(rows: list[Row]) -> None:
    if not rows:
        return
    total = rows[0]["total"]
    print_table(
        ["object", "name", "stays", "because"],
        [
            [
                row["object_type"],
                row["label"] or row["external_id"],
                "; ".join(
                    f"{field}: {_value(sides['present'])} (was written: {_value(sides['written'])})"
                    for field, sides in row["moved"].items()
                )
                or _UNDOING[row["action"]],
                row["outcome_detail"],
            ]
            for row in rows
        ],
        title=f"Not undone: {total:,}"
        + (f", the first {len(rows)}" if total > len(rows) else "")
        + "; `moss-jamf plan show` of the revert has them all",
    )


def _value(value: str | None) -> str:
    return "(empty)" if value is None else value


def _print_next_steps(
    undone_plan_id: int, plan_id: int, *, is_applied: bool, is_pinned: bool
) -> None:
    stdout.print()
    if not is_applied:
        steps = [
            f"`moss-jamf plan show {plan_id}` lists every change of the revert; nothing was applied.",
            f"`moss-jamf revert {undone_plan_id}` does it; `moss-jamf apply {plan_id}` applies exactly this plan.",
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
