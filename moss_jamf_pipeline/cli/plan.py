"""`moss-jamf plan`: every change a sync would make, or made: object by object, by rule, by field, or whole as CSV."""

import csv
import sys
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import psycopg
import typer

from moss_jamf_pipeline.catalogue.object_types import ObjectTypeName
from moss_jamf_pipeline.cli.counts import counts_document, print_counts
from moss_jamf_pipeline.cli.options import JsonOption, LimitOption, command_group
from moss_jamf_pipeline.cli.output import (
    CommandFailed,
    cell,
    explained,
    print_json,
    print_table,
    stdout,
)
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.moss.plan.guard import held_changes, held_summary
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.plan_pages import (
    EXPORTED_COLUMNS,
    all_changes,
    changes_by_field,
    changes_by_rule,
    page_of_changes,
    recent_plans,
    suppressed_changes,
)
from moss_jamf_pipeline.moss.plan.planning import Plan, newest_plan, read_plan
from moss_jamf_pipeline.moss.statements import Row, fetch_one
from moss_jamf_pipeline.settings import Settings

app = command_group()


class View(StrEnum):
    """How a plan is shown."""

    OBJECT = "object"
    RULE = "rule"
    FIELD = "field"


_STATUS = {
    "planned": "planned, not applied",
    "applying": "being applied, or stopped on the way",
    "applied": "applied",
    "superseded": "not applied to its end: a newer plan took its place",
    "what_if": "a what-if: to be looked at, never applied",
}


@app.callback()
def plan() -> None:
    """Plans: every change a sync would make, or made, with the rule that decided it."""


@app.command("list")
def list_plans(limit: LimitOption = 20, as_json: JsonOption = False) -> None:
    """List the newest plans."""
    with explained(as_json=as_json), prepared_moss(Settings()) as (connection, integration):
        rows = recent_plans(connection, integration.id, limit)
    if as_json:
        print_json({"plans": rows})
        return
    if not rows:
        stdout.print("There is no plan yet; `moss-jamf sync --dry-run` makes one.")
        return
    print_table(
        ["plan", "kind", "made", "status", "applied", "of slot", "held"],
        [
            [
                row["plan_id"],
                row["kind"].replace("_", "-"),
                row["created_at"],
                row["status"].replace("_", "-"),
                row["applied_at"],
                row["slot"],
                "waits for an approval" if row["held"] and row["status"] != "superseded" else None,
            ]
            for row in rows
        ],
        numbers=["plan"],
    )


@app.command()
def show(
    plan_id: Annotated[
        int | None,
        typer.Argument(metavar="PLAN", help="The plan's number; the newest by default."),
    ] = None,
    by: Annotated[
        View,
        typer.Option("--by", help="One line per object, or counts and examples by rule or field."),
    ] = View.OBJECT,
    object_type: Annotated[
        ObjectTypeName | None, typer.Option("--type", help="Only this type of object.")
    ] = None,
    held: Annotated[
        GuardKind | None, typer.Option("--held", help="Only what the guard holds as this kind.")
    ] = None,
    limit: LimitOption = 50,
    after: Annotated[
        int, typer.Option("--after", min=0, metavar="ROW", help="The page after this row.")
    ] = 0,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the whole plan as CSV, field by field.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a plan: counts per type of object, then what changes: before → after, and which rule decided it.

    What a rule keeps from M.O.S.S. is listed as well, with that rule.
    """
    if as_csv and as_json:
        raise typer.BadParameter("It is one or the other.", param_hint="--csv")
    with explained(as_json=as_json), prepared_moss(Settings()) as (connection, integration):
        shown = (
            newest_plan(connection, integration.id)
            if plan_id is None
            else read_plan(connection, plan_id)
        )
        if as_csv:
            _write_csv(connection, shown.plan_id)
            return
        document = _document(connection, shown, by, _Filter(object_type, held, after, limit))
        waiting = held_summary(shown.plan_id, held_changes(connection, shown.plan_id))
    if as_json:
        print_json(document)
        return
    _print_head(shown, document["plan"])
    match by:
        case View.RULE:
            _print_rules(document["rules"])
        case View.FIELD:
            _print_fields(document["fields"])
        case View.OBJECT:
            _print_page(document, object_type)
    if waiting:
        stdout.print(waiting, style="yellow", markup=False, soft_wrap=True)


class _Filter(NamedTuple):
    """What of a plan is shown."""

    object_type: str | None
    held: GuardKind | None
    after: int
    limit: int


def _document(
    connection: psycopg.Connection, shown: Plan, by: View, wanted: _Filter
) -> dict[str, Any]:
    """A plan as JSON: its facts, its counts, and one view of its changes.

    Raises:
        CommandFailed: it was deleted a moment ago.
    """
    facts = fetch_one(connection, "plan/plan_by_id", {"plan_id": shown.plan_id})
    if facts is None:
        raise CommandFailed(
            f"There is no plan {shown.plan_id} any more.", "Run `moss-jamf plan list`."
        )
    head = {"plan": facts, "counts": counts_document(shown.counts)}
    only = wanted.object_type
    match by:
        case View.RULE:
            rules = changes_by_rule(connection, shown.plan_id, object_type=only)
            return {**head, "rules": rules}
        case View.FIELD:
            fields = changes_by_field(connection, shown.plan_id, object_type=only)
            return {**head, "fields": fields}
        case View.OBJECT:
            return {**head, **_page(connection, shown.plan_id, wanted)}


def _page(connection: psycopg.Connection, plan_id: int, wanted: _Filter) -> dict[str, Any]:
    """A page of changes; what rules suppress comes with the first."""
    rows = page_of_changes(
        connection,
        plan_id,
        object_type=wanted.object_type,
        held_as=wanted.held,
        after_row=wanted.after,
        limit=wanted.limit,
    )
    suppressed = (
        suppressed_changes(connection, plan_id, object_type=wanted.object_type, limit=wanted.limit)
        if wanted.held is None and wanted.after == 0
        else []
    )
    return {
        "changes": rows,
        "next": rows[-1]["row_id"] if len(rows) == wanted.limit else None,
        "suppressed": suppressed,
    }


def _print_page(document: dict[str, Any], object_type: str | None) -> None:
    _print_changes(document["changes"], object_type)
    _print_suppressed(document["suppressed"])
    if document["next"] is not None:
        stdout.print(
            f"There may be more: --after {document['next']} shows the next page, --limit a longer one; --type and --by "
            "narrow it down.",
            soft_wrap=True,
        )


def _write_csv(connection: psycopg.Connection, plan_id: int) -> None:
    """Writes a plan to standard output as it is read: the memory it takes is that of a page."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(EXPORTED_COLUMNS)
    for row in all_changes(connection, plan_id):
        writer.writerow([row[column] for column in EXPORTED_COLUMNS])


def _print_head(shown: Plan, facts: Row) -> None:
    slot = f", of the slot {cell(facts['slot'])}" if facts["slot"] else ""
    stdout.print(
        f"Plan {shown.plan_id}, made {cell(facts['created_at'])}{slot}: {_STATUS.get(shown.status, shown.status)}.",
        soft_wrap=True,
    )
    if facts["validated_at"]:
        stdout.print(
            f"Tried against M.O.S.S. {cell(facts['validated_at'])}, and rolled back.",
            style="dim",
            soft_wrap=True,
        )
    print_counts(shown.counts, "")


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
            _name(row),
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


def _name(row: Row) -> str:
    # The label of a link is the type of its object.
    if row["object_type"] == "mapping":
        return f"{row['external_type']} {row['external_id']}"
    return str(row["label"] or row["external_id"] or row["object_id"])


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
    if row["outcome"] == "held":
        return f"held: too many of the kind {row['held_as']}"
    if row["outcome_detail"]:
        return f"{row['outcome'] or 'waiting'}: {row['outcome_detail']}"
    if row["problem"] and row["outcome"] is None:
        return f"would be {row['problem'].replace('_', ' ')}: {row['problem_detail']}"
    return row["outcome"] or ""


def _print_suppressed(rows: list[Row]) -> None:
    if not rows:
        return
    total = rows[0]["total"]
    shown = "" if len(rows) == total else f", the first {len(rows):,}"
    print_table(
        ["object", "name", "field", "M.O.S.S.", "JAMF", "rule", "why"],
        [
            [
                row["object_type"],
                row["label"] or row["external_id"],
                row["field"],
                row["before"],
                row["after"],
                row["rule"],
                row["detail"],
            ]
            for row in rows
        ],
        title=f"Not written: {total:,} changes that a rule keeps from M.O.S.S.{shown}",
    )


def _print_rules(rows: list[Row]) -> None:
    print_table(
        ["rule", "object", "effect", "changes", "for example"],
        [
            [
                row["rule"],
                row["object_type"],
                row["effect"],
                row["changes"],
                "; ".join(example for example in row["examples"] if example),
            ]
            for row in rows
        ],
        numbers=["changes"],
    )


def _print_fields(rows: list[Row]) -> None:
    print_table(
        ["object", "field", "owner", "changes", "held", "rules", "for example"],
        [
            [
                row["object_type"],
                row["field"],
                row["owner"],
                row["changes"],
                row["held"] or None,
                ", ".join(rule for rule in row["rules"] if rule),
                "; ".join(_example(example) for example in row["examples"]),
            ]
            for row in rows
        ],
        numbers=["changes", "held"],
    )


def _example(example: dict[str, Any]) -> str:
    before = "" if example["before"] is None else f"{example['before']} → "
    return f"{example['name']}: {before}{example['after'] or '(empty)'}"
