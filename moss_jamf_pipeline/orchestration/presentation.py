"""What the Dagster UI shows of a step: counts, tables, column schemas. No decision is made here."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import dagster as dg
import psycopg
from tabulate import tabulate

from moss_jamf_pipeline.catalogue.tables import contract_relations, tables
from moss_jamf_pipeline.engine.checks import Fact, Table
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.plan.plan_pages import suppressed_changes
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, Plan
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one
from moss_jamf_pipeline.outputs import markdown_text
from moss_jamf_pipeline.scrubbing import scrubbed

_PREVIEW_ROWS = 25
_OF_SUPPRESSED: Final = ("rule", "label", "serial_number", "field", "before", "after", "detail")
# In letters. A page of 1,280 pixels shows a table in a dialog of 1,024.
_PAGE: Final = 114
_BETWEEN: Final = 2
_WIDEST: Final = 60
_NARROWEST: Final = 14


def markdown_table(rows: Iterable[Row], when_empty: str) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table, long cells cut for display.

    Args:
        rows: column name to value; the columns are those of all rows, in the order in which they first come.
        when_empty: what to say if there is none.
    """
    shown = list(rows)
    if not shown:
        return dg.MetadataValue.md(f"*{when_empty}*")
    columns = list(dict.fromkeys(name for row in shown for name in row))
    texts = [[_text(row.get(name)) for name in columns] for row in shown]
    widths = _fitting(
        [
            max(len(name), *(len(text) for text in column))
            for name, column in zip(columns, zip(*texts, strict=True), strict=True)
        ]
    )
    cells = [[_cell(text, width) for text, width in zip(row, widths, strict=True)] for row in texts]
    # Left to itself the formatter takes text for numbers: version 15.10 becomes 15.1, build 24E264 a huge one.
    table = tabulate(cells, headers=columns, tablefmt="pipe", disable_numparse=True)
    return dg.MetadataValue.md(table)


def _fitting(wanted: Sequence[int]) -> list[int]:
    """How wide columns are that together fit the page: the widest give way first, down to what still says something."""
    widths = [min(width, _WIDEST) for width in wanted]
    while sum(widths) + _BETWEEN * len(widths) > _PAGE and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _text(value: object) -> str:
    """One value on one line."""
    return "" if value is None else " ".join(scrubbed(str(value)).split())


def _cell(text: str, width: int) -> str:
    """A text, fit for a cell of so many letters."""
    return markdown_text(text if len(text) <= width else text[: width - 1] + "…") if text else ""


def counts_metadata(counts: ObjectCounts | None) -> dict[str, int]:
    """The counts of one object type under the names used everywhere; plotted over time by the UI."""
    if counts is None:
        return {}
    always = ("seen", "created", "updated", "unchanged", "conflicts", "skipped", "failed")
    sometimes = (
        *("held", "locked", "removed", "linked", "moved", "returned"),
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
    connection: psycopg.Connection, plan: Plan, object_type: str
) -> dg.MarkdownMetadataValue:
    """The changes of a plan to one type of object that are worth a look, field by field, and why each is made."""
    counts = {count.object_type: count for count in plan.counts}.get(object_type)
    if counts is not None and not counts.has_rows:
        return markdown_table([], "No change.")
    plan_id = plan.plan_id
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
    return {
        "suppressed": rows[0]["total"] if rows else 0,
        "suppressed_changes": markdown_table(
            ({name: row[name] for name in _OF_SUPPRESSED} for row in rows),
            "No rule keeps a change of JAMF's from M.O.S.S.",
        ),
    }


def held_table(rows: Sequence[Row]) -> dg.MarkdownMetadataValue:
    """What the guard counted in a plan, and what it made of it."""
    return markdown_table(rows, "Nothing in this plan is guarded.")


def shown_fact(fact: Fact) -> Any:
    """A fact of a finding as metadata."""
    match fact:
        case Table():
            return markdown_table(fact.rows, fact.when_empty)
        case tuple():
            return counts_table(fact)
        case _:
            return fact


def table_metadata(table: str) -> dict[str, Any]:
    """Dagster's standard metadata of a table, known before anything is in it: name, kind of storage, columns.

    Args:
        table: `schema.name` of a table of ours, or of a relation of the contract.
    """
    described = tables().get(table) or contract_relations()[table]
    return {
        "dagster/table_name": table,
        "dagster/storage_kind": "postgres",
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    name=column.name,
                    type=column.type,
                    description=column.description,
                    constraints=dg.TableColumnConstraints(nullable=column.is_nullable),
                )
                for column in described.columns
            ]
        ),
    }


def row_count(rows: int | None) -> dict[str, int]:
    """How many rows a table has; None: nobody counted."""
    return {} if rows is None else {"dagster/row_count": rows}


# How often a run had written M.O.S.S. when its rows were counted, and how many there were.
_MOSS_ROWS: Final[WeakKeyDictionary[RunContext, tuple[int, Row]]] = WeakKeyDictionary()


def moss_row_count(run: RunContext, relation: str) -> dict[str, int]:
    """How many rows a relation of the contract has; counted, for people write M.O.S.S. too.

    Args:
        run: the run; all relations are counted at once, and again when it has written.
        relation: its name in `moss_contract`.
    """
    known = _MOSS_ROWS.get(run)
    if known is None or known[0] != run.writes:
        rows = fetch_one(run.connection, "catalogue/moss_rows")
        known = _MOSS_ROWS[run] = (run.writes, rows or {})
    return row_count(known[1].get(relation))
