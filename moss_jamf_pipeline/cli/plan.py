"""`moss-jamf plan`: every change a sync would make, or made, object by object."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from moss_jamf_pipeline.cli.options import JsonOption, LimitOption, command_group
from moss_jamf_pipeline.cli.output import (
    CommandFailed,
    cell,
    explained,
    print_json,
    print_table,
    stdout,
)
from moss_jamf_pipeline.cli.reports import counts_document, print_counts
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.moss.naming import Names
from moss_jamf_pipeline.moss.planning import newest_plan, read_plan
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one
from moss_jamf_pipeline.settings import Settings

app = command_group()


class ObjectType(StrEnum):
    """What a plan's rows are about."""

    LOCATION = "location"
    ROOM = "room"
    PERSON = "person"
    DEVICE = "device"
    IO = "io"
    GROUP = "group"
    GROUP_MEMBER = "group_member"
    MAPPING = "mapping"


_STATUS = {
    "planned": "planned, not applied",
    "applying": "being applied, or stopped on the way",
    "applied": "applied",
    "superseded": "never applied: a newer plan took its place",
}


@app.callback()
def plan() -> None:
    """Plans: every change a sync would make, or made, with the rule that decided it."""


@app.command()
def show(
    plan_id: Annotated[
        int | None,
        typer.Argument(metavar="PLAN", help="The plan's number; the newest by default."),
    ] = None,
    object_type: Annotated[
        ObjectType | None, typer.Option("--type", help="Only this type of object.")
    ] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """Show a plan: counts per type of object, then what changes, field by field: before → after, and why."""
    with explained(as_json=as_json), prepared_moss(Settings()) as (connection, integration):
        shown = (
            newest_plan(connection, integration.id)
            if plan_id is None
            else read_plan(connection, plan_id)
        )
        facts = fetch_one(connection, "plan/plan_by_id", {"plan_id": shown.plan_id})
        if facts is None:
            raise CommandFailed(
                f"There is no plan {shown.plan_id} any more.", "Run `moss-jamf plan show` again."
            )
        rows = fetch_all(
            connection,
            "plan/plan_rows",
            {"plan_id": shown.plan_id, "object_type": object_type, "row_limit": limit},
        )
        changes = [
            (change["field"], change[side])
            for row in rows
            for change in row["fields"]
            for side in ("before", "after")
        ]
        names = Names.of(connection, changes, shown.plan_id)
    for row in rows:
        for change in row["fields"]:
            for side in ("before", "after"):
                change[side] = names.shown(change["field"], change[side])
    if as_json:
        print_json({"plan": facts, "counts": counts_document(shown.counts), "changes": rows})
        return
    stdout.print(
        f"Plan {shown.plan_id}, made {cell(facts['created_at'])}: {_STATUS.get(shown.status, shown.status)}.",
        soft_wrap=True,
    )
    print_counts(shown.counts, "")
    _print_changes(rows, object_type)
    if len(rows) == limit:
        stdout.print("There may be more: --limit shows them, --type narrows it down.")


def _print_changes(rows: list[Row], object_type: str | None) -> None:
    if not rows:
        what = "object" if object_type is None else object_type
        stdout.print(f"No {what} changes.")
        return
    table: list[list[object]] = []
    for row in rows:
        head = [
            row["action"],
            row["object_type"],
            row["label"] or row["external_id"] or row["object_id"],
        ]
        if row["action"] == "create":
            values = "; ".join(f"{change['field']}: {change['after']}" for change in row["fields"])
            table.append([*head, "", values, row["reason"], _outcome(row)])
            continue
        changes = row["fields"] or [None]
        for number, change in enumerate(changes):
            beginning = head if number == 0 else ["", "", ""]
            outcome = _outcome(row) if number == 0 else ""
            table.append([*beginning, *_change(row, change), outcome])
    print_table(["action", "object", "name", "field", "before → after", "rule", "outcome"], table)


def _change(row: Row, change: dict[str, Any] | None) -> tuple[str, str, str]:
    if change is None:
        return "", "", row["reason"]
    before, after = (change[side] for side in ("before", "after"))
    old = "" if before is None else f"{before} → "
    return (
        change["field"],
        f"{old}{'(empty)' if after is None else after}",
        change["rule"] or row["reason"],
    )


def _outcome(row: Row) -> str:
    if row["outcome_detail"]:
        return f"{row['outcome']}: {row['outcome_detail']}"
    return row["outcome"] or ""
