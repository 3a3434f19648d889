"""What the Dagster UI shows of a step: counts, tables, column schemas. No decision is made here."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import dagster as dg
import psycopg
from tabulate import tabulate

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES, MATCH_TABLES
from moss_jamf_pipeline.engine.checks import Fact, Table, without
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.scopes import raw_step
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.plan.plan_pages import suppressed_changes
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, Plan
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one
from moss_jamf_pipeline.outputs import markdown_text
from moss_jamf_pipeline.scrubbing import scrubbed

_PREVIEW_ROWS = 25
_TABLES: Final = (
    *(f"jamf_sync.{raw_step(collection)}" for collection in COLLECTION_NAMES),
    *(f"jamf_sync.{table}" for table in MATCH_TABLES),
    *("jamf_sync.change_plan", "jamf_sync.plan_guard", "jamf_sync.conflicts"),
    "jamf_sync.plan_problems",
    *(f"moss_contract.{kind.relation}" for kind in APPLIED_OBJECT_TYPES),
    "moss_contract.integration_sync_history",
)
_CELL = 60


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
    cells = [[_cell(row.get(name)) for name in columns] for row in shown]
    # Left to itself the formatter takes text for numbers: version 15.10 becomes 15.1, build 24E264 a huge one.
    table = tabulate(cells, headers=columns, tablefmt="pipe", disable_numparse=True)
    return dg.MetadataValue.md(table)


def _cell(value: object) -> str:
    """One value on one line, fit for a cell."""
    if value is None:
        return ""
    text = " ".join(scrubbed(str(value)).split())
    return markdown_text(text if len(text) <= _CELL else text[: _CELL - 1] + "…")


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
    """The first changes of a plan to one type of object, field by field."""
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
            without(rows, "object_id", "external_type", "total"),
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


class Tables:
    """Dagster's standard metadata of the tables that a run's steps fill; looked up for all of them at once."""

    _columns: Final[WeakKeyDictionary[RunContext, dict[str, list[dg.TableColumn]]]] = (
        WeakKeyDictionary()
    )

    # How often the run had written M.O.S.S. when its rows were counted, and how many there were.
    _moss_rows: Final[WeakKeyDictionary[RunContext, tuple[int, Row]]] = WeakKeyDictionary()

    def __init__(self, run: RunContext) -> None:
        self._run = run

    def facts(self, table: str, row_count: int | None = None) -> dict[str, Any]:
        """A table's name, kind of storage and columns as the database has them, comments included, and its rows.

        Args:
            table: `schema.name` of a table, a view or a relation of the contract.
            row_count: how many rows it has; None: nobody counted.
        """
        return {
            "dagster/table_name": table,
            "dagster/storage_kind": "postgres",
            "dagster/column_schema": dg.TableSchema(columns=self._schemas().get(table, [])),
            **({} if row_count is None else {"dagster/row_count": row_count}),
        }

    def moss_facts(self, relation: str) -> dict[str, Any]:
        """The same of a relation of the contract, whose rows are counted: people write M.O.S.S. too.

        Args:
            relation: its name in `moss_contract`.
        """
        known = self._moss_rows.get(self._run)
        if known is None or known[0] != self._run.writes:
            rows = fetch_one(self._run.connection, "catalogue/moss_rows")
            known = self._moss_rows[self._run] = (self._run.writes, rows or {})
        return self.facts(f"moss_contract.{relation}", known[1].get(relation))

    def _schemas(self) -> dict[str, list[dg.TableColumn]]:
        known = self._columns.get(self._run)
        if known is None:
            known = self._columns[self._run] = {}
            for row in fetch_all(
                self._run.connection, "catalogue/table_columns", {"tables": list(_TABLES)}
            ):
                known.setdefault(row["relation"], []).append(
                    dg.TableColumn(
                        name=row["name"],
                        type=row["type"],
                        description=row["description"],
                        constraints=dg.TableColumnConstraints(nullable=row["is_nullable"]),
                    )
                )
        return known
