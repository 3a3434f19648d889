"""Reading a plan: page by page, by rule, by field, or as a stream of all it holds. Ids are shown as names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.moss.plan.conflicts import as_like_pattern
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_pages, fetch_value


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes of a plan are wanted; what is left out does not narrow them down.

    Attributes:
        object_type: only these objects.
        held: only what the guard holds as this kind.
        action: only objects to which this is done, e.g. `update`.
        field: only objects of which this field changes.
        rule: only objects of which this rule decided something.
        label: what the object is called, with `*` for anything and `?` for one character; case does not matter.
    """

    object_type: str | None = None
    held: GuardKind | None = None
    action: str | None = None
    field: str | None = None
    rule: str | None = None
    label: str | None = None

    def parameters(self) -> dict[str, object]:
        """As bind parameters of `plan/plan_rows`."""
        return {
            "object_type": self.object_type,
            "guarded_kind": self.held,
            "action": self.action,
            "field": self.field,
            "rule": self.rule,
            "label_pattern": None if self.label is None else as_like_pattern(self.label),
        }


EVERYTHING: Final = ChangeFilter()


def page_of_changes(
    connection: psycopg.Connection,
    plan_id: int,
    wanted: ChangeFilter = EVERYTHING,
    *,
    after_row: int = 0,
    limit: int = 50,
) -> list[Row]:
    """The next objects that a plan changes; each lists its `fields` with before, after, owner and rule.

    Args:
        connection: any.
        plan_id: the plan.
        wanted: which of its changes.
        after_row: the last `row_id` of the page before.
        limit: objects per page.
    """
    rows = fetch_all(
        connection,
        "plan/plan_rows",
        {
            "plan_id": plan_id,
            "after_row": after_row,
            "row_limit": limit,
            **wanted.parameters(),
        },
    )
    _show_names(connection, plan_id, [field for row in rows for field in row["fields"]])
    return rows


def count_changes(
    connection: psycopg.Connection, plan_id: int, wanted: ChangeFilter = EVERYTHING
) -> int:
    """How many objects `page_of_changes` has in all its pages."""
    counted: int = fetch_value(
        connection, "plan/count_changes", {"plan_id": plan_id, **wanted.parameters()}
    )
    return counted


def folded_changes(
    connection: psycopg.Connection,
    plan_id: int,
    wanted: ChangeFilter = EVERYTHING,
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[Row]:
    """The changes to objects that M.O.S.S. has, equal ones as one; each row carries the `total` and `changes_in_all`.

    Only the type, the field and the rule narrow them down.
    """
    rows = fetch_all(
        connection,
        "plan/changes_folded",
        {
            "plan_id": plan_id,
            "object_type": wanted.object_type,
            "field": wanted.field,
            "rule": wanted.rule,
            "row_limit": limit,
            "row_offset": offset,
        },
    )
    _show_names(connection, plan_id, rows)
    return rows


def suppressed_changes(
    connection: psycopg.Connection,
    plan_id: int,
    *,
    object_type: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Row]:
    """The first changes that JAMF asks for and a rule keeps from M.O.S.S.; each carries that `rule` and the `total`."""
    rows = fetch_all(
        connection,
        "plan/suppressed_changes",
        {
            "plan_id": plan_id,
            "object_type": object_type,
            "row_limit": limit,
            "row_offset": offset,
        },
    )
    _show_names(connection, plan_id, rows)
    return rows


def changes_by_rule(
    connection: psycopg.Connection, plan_id: int, *, object_type: str | None = None
) -> list[Row]:
    """How many changes each rule decided, those it suppressed included, with examples."""
    return fetch_all(
        connection, "plan/changes_by_rule", {"plan_id": plan_id, "object_type": object_type}
    )


def changes_by_field(
    connection: psycopg.Connection, plan_id: int, *, object_type: str | None = None
) -> list[Row]:
    """How many objects get another value of each field, with examples."""
    rows = fetch_all(
        connection, "plan/changes_by_field", {"plan_id": plan_id, "object_type": object_type}
    )
    _show_names(connection, plan_id, [example for row in rows for example in row["examples"]])
    return rows


def all_changes(connection: psycopg.Connection, plan_id: int) -> Iterator[Row]:
    """Every change of a plan, field by field, then what rules suppress.

    Args:
        connection: one in autocommit mode, which is busy until the last row is taken.
        plan_id: the plan.
    """
    for page in fetch_pages(connection, "plan/export_changes", {"plan_id": plan_id}):
        _show_names(connection, plan_id, page)
        yield from page


def recent_plans(
    connection: psycopg.Connection, integration_id: UUID, *, limit: int, offset: int = 0
) -> list[Row]:
    """The latest plans, newest first, what-ifs among them; each row carries their `total`."""
    return fetch_all(
        connection,
        "plan/recent_plans",
        {"integration_id": integration_id, "row_limit": limit, "row_offset": offset},
    )


def _show_names(connection: psycopg.Connection, plan_id: int, changes: list[Row]) -> None:
    """Replaces, in `before` and `after`, ids of people and places by names."""
    values = [(change["field"], change[side]) for change in changes for side in ("before", "after")]
    names = Names.of(connection, values, plan_id)
    for change in changes:
        for side in ("before", "after"):
            change[side] = names.shown(change["field"], change[side])
