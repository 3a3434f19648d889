"""What the Dagster UI shows of a step: counts, tables, column schemas. No decision is made here."""

import math
from collections.abc import Iterable
from typing import Any

import dagster as dg
import pandas as pd
import psycopg
from psycopg import sql

from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.plan.plan_pages import suppressed_changes
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts
from moss_jamf_pipeline.moss.statements import Row, fetch_all

_PREVIEW_ROWS = 25
_CELL = 60


def markdown_table(rows: Iterable[Row], when_empty: str) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table, long cells cut for display.

    Args:
        rows: column name to value.
        when_empty: what to say if there is none.
    """
    frame = pd.DataFrame(list(rows), dtype=object)
    if frame.empty:
        return dg.MetadataValue.md(f"*{when_empty}*")
    # Left to itself the formatter takes text for numbers: version 15.10 becomes 15.1, build 24E264 a huge one.
    return dg.MetadataValue.md(frame.map(_cell).to_markdown(index=False, disable_numparse=True))


def _cell(value: object) -> str:
    """One value on one line, fit for a cell; a value that is absent from its row is NaN by now."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = " ".join(str(value).split())
    if len(text) > _CELL:
        text = text[: _CELL - 1] + "…"
    return text.replace("\\", "\\\\").replace("|", "\\|")


def counts_metadata(counts: ObjectCounts | None) -> dict[str, int]:
    """The counts of one object type under the names used everywhere; plotted over time by the UI."""
    if counts is None:
        return {}
    always = ("seen", "created", "updated", "unchanged", "conflicts", "skipped", "failed")
    sometimes = (
        *("held", "removed", "linked", "moved", "returned"),
        *("unenrolled", "unenrolments_held", "deleted_internal"),
    )
    return {name: getattr(counts, name) for name in always} | {
        name: getattr(counts, name) for name in sometimes if getattr(counts, name)
    }


def counts_table(counts: Iterable[ObjectCounts]) -> dg.MarkdownMetadataValue:
    """The counts of all object types, one row each."""
    return markdown_table(
        ({"objects": count.object_type, **counts_metadata(count)} for count in counts),
        "Nothing was planned.",
    )


def changes_preview(
    connection: psycopg.Connection, plan_id: int, object_type: str
) -> dg.MarkdownMetadataValue:
    """The first changes of a plan to one type of object, field by field."""
    rows = fetch_all(
        connection,
        "plan/preview_changes",
        {"plan_id": plan_id, "object_type": object_type, "row_limit": _PREVIEW_ROWS},
    )
    values = [(row["field"], row[side]) for row in rows for side in ("before", "after")]
    names = Names.of(connection, values, plan_id)
    for row in rows:
        for side in ("before", "after"):
            row[side] = names.shown(row["field"], row[side])
    return markdown_table(rows, "No change.")


def suppressed_metadata(
    connection: psycopg.Connection, plan_id: int
) -> dict[str, dg.MetadataValue | int]:
    """What JAMF asks for and a rule keeps from M.O.S.S.: how many changes, and the first of them."""
    rows = suppressed_changes(connection, plan_id, limit=_PREVIEW_ROWS)
    hidden = ("object_id", "external_type", "total")
    return {
        "suppressed": rows[0]["total"] if rows else 0,
        "suppressed_changes": markdown_table(
            [{name: row[name] for name in row if name not in hidden} for row in rows],
            "No rule keeps a change of JAMF's from M.O.S.S.",
        ),
    }


def held_table(connection: psycopg.Connection, plan_id: int) -> dg.MarkdownMetadataValue:
    """What the guard counted in a plan, and what it made of it."""
    rows = fetch_all(connection, "guard/guarded_changes", {"plan_id": plan_id})
    return markdown_table(rows, "Nothing in this plan is guarded.")


def column_schema(connection: psycopg.Connection, table: str) -> dg.TableSchema:
    """The columns of a table or view as the database has them, comments included.

    Args:
        connection: any.
        table: `schema.name`.
    """
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=row["name"],
                type=row["type"],
                description=row["description"],
                constraints=dg.TableColumnConstraints(nullable=row["is_nullable"]),
            )
            for row in fetch_all(connection, "catalogue/table_columns", {"table": table})
        ]
    )


def table_facts(connection: psycopg.Connection, table: str) -> dict[str, Any]:
    """Dagster's standard metadata of a table: its name, kind of storage, columns and rows.

    Args:
        connection: any.
        table: `schema.name` of a table or view.
    """
    counted = connection.execute(
        sql.SQL("select count(*) from {}").format(sql.Identifier(*table.split(".", 1)))
    ).fetchone()
    return {
        "dagster/table_name": table,
        "dagster/storage_kind": "postgres",
        "dagster/column_schema": column_schema(connection, table),
        "dagster/row_count": counted[0] if counted else 0,
    }
