"""`moss-jamf approve`: shows what the guard holds of a plan, asks, and applies it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import psycopg
import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.options import (
    JsonOption,
    TriggeredByOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, print_table, stderr
from moss_jamf_pipeline.cli.running import Order
from moss_jamf_pipeline.cli.sync import run_and_report
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.guard import (
    HeldChanges,
    guard_plan,
    held_examples,
    require_applicable,
)
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.plan.planning import newest_sync_plan
from moss_jamf_pipeline.moss.statements import Row
from moss_jamf_pipeline.settings import Settings

app = single_command()

_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class _Held:
    """What is to be approved.

    Attributes:
        plan_id: of which plan.
        changes: the kinds that are meant.
        examples: kind to its first rows, with names for ids.
    """

    plan_id: int
    changes: tuple[HeldChanges, ...]
    examples: dict[GuardKind, list[Row]]


@app.command()
def approve(
    plan_id: Annotated[
        int | None,
        typer.Argument(metavar="PLAN", min=1, help="The plan's number; the newest by default."),
    ] = None,
    kinds: Annotated[
        list[GuardKind] | None,
        typer.Option("--kind", help="Only this kind of change; may be repeated."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    triggered_by: TriggeredByOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Let through what the guard holds of a plan: shows it, asks, and applies it together with what waits of that plan.

    Who approved what is recorded, and M.O.S.S.'s history names who started the run. Exit code 3: some is still held.
    """
    with (
        explained(as_json=as_json, verbose=verbose),
        prepared_moss(Settings()) as (connection, integration),
    ):
        held = _held(connection, integration, plan_id, kinds or [])
    if not held.changes:
        _say_nothing_is_held(held.plan_id, as_json=as_json)
        return
    if as_json and not yes:
        raise typer.BadParameter("A machine is not asked; add --yes.", param_hint="--json")
    if not yes:
        _show(held)
        typer.confirm(f"Apply these changes of plan {held.plan_id}?", abort=True, err=True)
    run_and_report(
        "apply",
        order=Order(
            plan_id=held.plan_id,
            approve=tuple(dict.fromkeys(change.kind.value for change in held.changes)),
        ),
        triggered_by=triggered_by,
        as_json=as_json,
        verbose=verbose,
    )


def _held(
    connection: psycopg.Connection,
    integration: Integration,
    plan_id: int | None,
    kinds: Sequence[GuardKind],
) -> _Held:
    """What the guard holds of a plan; of one that waits, by the limits as they are now.

    Raises:
        PlanNotApplicable: the plan cannot be applied, or a newer one took its place.
        CommandFailed: nothing of these kinds is held.
    """
    number = plan_id or newest_sync_plan(connection, integration.id).plan_id
    held = guard_plan(connection, integration, number)
    if plan_id is not None or held:
        require_applicable(connection, integration, number, [*GuardKind])
    meant = tuple(change for change in held if not kinds or change.kind in kinds)
    if held and not meant:
        raise CommandFailed(
            f"Plan {number} holds no changes of the kind {', '.join(kinds)}.",
            f"It holds: {', '.join(dict.fromkeys(change.kind.value for change in held))}.",
        )
    return _Held(
        number,
        meant,
        {
            change.kind: _named(
                connection,
                number,
                held_examples(connection, number, change.kind, limit=_EXAMPLES),
            )
            for change in meant
        },
    )


def _named(connection: psycopg.Connection, plan_id: int, rows: list[Row]) -> list[Row]:
    """Rows whose ids of people and places are names."""
    values = [
        (field, value)
        for row in rows
        for side in ("before", "after")
        for field, value in row[side].items()
    ]
    names = Names.of(connection, values, plan_id)
    for row in rows:
        for side in ("before", "after"):
            row[side] = {field: names.shown(field, value) for field, value in row[side].items()}
    return rows


def _say_nothing_is_held(plan_id: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"plan_id": plan_id, "held": []})
    else:
        stderr.print(f"The guard holds nothing of plan {plan_id}: there is nothing to approve.")


def _show(held: _Held) -> None:
    """Shows what is held on standard output, kind by kind."""
    for kind, examples in held.examples.items():
        changes = [change for change in held.changes if change.kind is kind]
        for change in changes:
            stderr.print(f"[yellow]![/] {escape(change.sentence)}", soft_wrap=True)
        total = sum(change.planned for change in changes)
        print_table(
            ["action", "object", "name", "JAMF id", "before → after"],
            [
                [
                    row["action"],
                    row["object_type"],
                    row["label"],
                    row["external_id"],
                    _changes(row),
                ]
                for row in examples
            ],
            title=f"{kind}: the first {len(examples)} of {total:,}; "
            f"all of them: moss-jamf plan show {held.plan_id} --held {kind}",
        )


def _changes(row: Row) -> str:
    if row["action"] == "create":
        return "; ".join(f"{field}: {value}" for field, value in row["after"].items() if value)
    if row["action"] == "unenroll":
        return "marked as gone from JAMF"
    return "; ".join(
        f"{field}: {row['before'].get(field) or '(empty)'} → {value or '(empty)'}"
        for field, value in row["after"].items()
    )
