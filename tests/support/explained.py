"""Connections on which PostgreSQL explains every statement of `sql/`: how many rows it handles, and how.

A statement is explained (`EXPLAIN ANALYZE`) in a savepoint that is rolled back, then run: whoever uses the connection
notices nothing. Rows and loops are counted, never time.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Self

import psycopg
from psycopg.rows import Row, TupleRow, tuple_row

from moss_jamf_pipeline.settings import project_file

_EXPLAINED: Final = re.compile(rb"(?:\s*--[^\n]*\n)*\s*(?:with|select|insert|update|delete)\b")
_EXPLAIN: Final = b"explain (analyze, timing off, format json) "
# Renewing statistics would be done twice, and is a function's work, which EXPLAIN does not show.
_NOT_EXPLAINED: Final = frozenset({"catalogue/refresh_statistics"})

Plan = Mapping[str, Any]


@dataclass(slots=True)
class Work:
    """What a statement handled, all of its runs together.

    Attributes:
        rows: that the nodes of its plans read, passed on or threw away.
        loops: how often its nodes were run.
        sub_plan_loops: how often sub-plans were run that are run anew for each row.
        expected: the most rows that PostgreSQL expected of any node.
        milliseconds: of these runs; to look at, not to assert.
        plan: that of the run with the most rows.
    """

    rows: int = 0
    loops: int = 0
    sub_plan_loops: int = 0
    expected: int = 0
    milliseconds: float = 0.0
    plan: Plan = field(default_factory=dict)
    _most_rows: int = -1

    def add(self, explained: Mapping[str, Any]) -> None:
        """Counts a run in.

        Args:
            explained: what `EXPLAIN (ANALYZE, FORMAT JSON)` answered.
        """
        rows = 0
        for node in nodes_of(explained["Plan"]):
            loops = int(node["Actual Loops"])
            rows += rows_of(node)
            self.loops += loops
            self.expected = max(self.expected, int(node["Plan Rows"]))
            if node.get("Parent Relationship") == "SubPlan":
                self.sub_plan_loops += loops
        self.rows += rows
        self.milliseconds += explained["Planning Time"] + explained["Execution Time"]
        if rows > self._most_rows:
            self._most_rows, self.plan = rows, explained["Plan"]


def nodes_of(plan: Plan) -> Iterator[Plan]:
    """A plan's node and all below it."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes_of(child)


def rows_of(node: Plan) -> int:
    """How many rows a node handled: passed on, or threw away by a filter or a failed join."""
    removed = sum(value for key, value in node.items() if key.startswith("Rows Removed by"))
    rows: int = round((node["Actual Rows"] + removed) * node["Actual Loops"])
    return rows


class ExplainedConnection(psycopg.Connection[TupleRow]):
    """A connection that counts the work of the statements of `sql/`: statement to work, in `work`."""

    work: dict[str, Work]

    @classmethod
    def to(cls, url: str, **settings: str) -> Self:
        """Connects in autocommit mode.

        Args:
            url: the database's.
            settings: of the session, e.g. `work_mem="256kB"`.
        """
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        connection = cls.connect(url, autocommit=True, options=options)
        connection.cursor_factory = _ExplainingCursor
        connection.work = {}
        return connection


class _ExplainingCursor(psycopg.Cursor[Row]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        connection = self.connection
        name = _names().get(query) if isinstance(query, bytes) else None
        if name is not None and _EXPLAINED.match(query):
            assert isinstance(connection, ExplainedConnection)
            with connection.transaction(force_rollback=True):
                plain = psycopg.Cursor(connection, row_factory=tuple_row)
                row = plain.execute(_EXPLAIN + query, params, prepare=False).fetchone()
            assert row is not None
            (explained,) = row[0]
            connection.work.setdefault(name, Work()).add(explained)
        return super().execute(query, params, **options)


@cache
def _names() -> Mapping[bytes, str]:
    """Text of a file below `sql/` to its name."""
    folder = project_file("sql")
    texts = {
        file.read_bytes(): file.relative_to(folder).with_suffix("").as_posix()
        for file in folder.rglob("*.sql")
    }
    return {text: name for text, name in texts.items() if name not in _NOT_EXPLAINED}


def as_text(plan: Plan, depth: int = 0) -> Sequence[str]:
    """A plan for people to read: a line per node, those that handle many rows easy to find."""
    parts = [plan.get(key) for key in ("Parent Relationship", "Node Type", "Subplan Name")]
    parts += [plan.get(key) for key in ("Relation Name", "Index Name", "CTE Name", "Join Type")]
    words = " ".join(str(part) for part in parts if part)
    rows = f"{rows_of(plan):,} rows ({plan['Plan Rows']:,} expected)"
    line = f"{'  ' * depth}{words}: {rows} in {plan['Actual Loops']:,} loops"
    return [line, *(text for child in plan.get("Plans", ()) for text in as_text(child, depth + 1))]
