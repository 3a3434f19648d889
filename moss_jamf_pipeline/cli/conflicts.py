"""`moss-jamf conflicts`: what M.O.S.S. and JAMF disagree on and a person decides."""

from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import JsonOption, LimitOption, command_group
from moss_jamf_pipeline.cli.output import explained, print_json, print_table, stdout
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.moss.conflicts import open_conflicts, open_conflicts_by_kind
from moss_jamf_pipeline.moss.naming import Names
from moss_jamf_pipeline.settings import Settings

app = command_group()


@app.callback()
def conflicts() -> None:
    """The conflict queue: opened once for each disagreement, closed by itself when the values agree."""


@app.command("list")
def list_conflicts(
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            help="Only this kind, e.g. owned_field_differs; `moss-jamf status` names them.",
        ),
    ] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the open conflicts, newest first."""
    with explained(as_json=as_json), prepared_moss(Settings()) as (connection, integration):
        rows = open_conflicts(connection, integration.id, kind=kind, limit=limit)
        by_kind = open_conflicts_by_kind(connection, integration.id)
        names = Names.of(
            connection,
            [(row["field"], row[side]) for row in rows for side in ("jamf_value", "moss_value")],
            plan_id=0,
        )
    for row in rows:
        row["jamf_value"] = names.shown(row["field"], row["jamf_value"])
        row["moss_value"] = names.shown(row["field"], row["moss_value"])
    if as_json:
        print_json({"open": by_kind, "conflicts": rows})
        return
    if not rows:
        stdout.print(
            "No open conflict." if kind is None else f"No open conflict of the kind {kind}.",
            markup=False,
        )
        return
    print_table(
        ["id", "kind", "object", "name", "field", "M.O.S.S.", "JAMF", "since", "what it means"],
        [
            [
                row["conflict_id"],
                row["kind"],
                row["object_type"],
                row["label"] or row["external_id"],
                row["field"],
                row["moss_value"],
                row["jamf_value"],
                row["opened_at"],
                row["detail"],
            ]
            for row in rows
        ],
        numbers=["id"],
    )
    total = sum(count for name, count in by_kind.items() if kind in {None, name})
    if total > len(rows):
        stdout.print(f"{len(rows):,} of {total:,}; --limit shows more, --kind narrows it down.")
