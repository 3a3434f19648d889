"""The conflict queue: what M.O.S.S. and JAMF disagree on, and what people decide about it.

A sync opens, refreshes and closes conflicts. A decision is a resolved conflict: it counts for the values it was made
about, acts through the next plan, and can be taken back. Only a person's command records one, under the log-in role;
the roles of the pipeline cannot (row-level security, migration 0009).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS
from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution, conflict_kind_named
from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.errors import ConflictNotResolvable
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.planning import Plan
from moss_jamf_pipeline.moss.statements import Row, execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class ConflictFilter:
    """Which conflicts are meant; what is left out does not narrow them down.

    Attributes:
        conflict_ids: their numbers.
        like: those that are about the same kind, type of object, field and pair of values as the one of this number.
        status: `open`, `resolved` or `closed`; None: any.
        kind: e.g. `owned_field_differs`.
        field: e.g. `asset_tag`.
        object_type: e.g. `device`.
        label: what the object is called, with `*` for anything and `?` for one character; case does not matter.
    """

    conflict_ids: tuple[int, ...] | None = None
    status: str | None = "open"
    kind: str | None = None
    field: str | None = None
    object_type: str | None = None
    label: str | None = None
    like: int | None = None

    def parameters(self) -> dict[str, object]:
        """As bind parameters of `conflicts/listed_conflicts`."""
        return {
            "conflict_ids": None if self.conflict_ids is None else list(self.conflict_ids),
            "like_conflict": self.like,
            "status": self.status,
            "kind": self.kind,
            "field": self.field,
            "object_type": self.object_type,
            "label_pattern": None if self.label is None else as_like_pattern(self.label),
        }


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of the conflicts that a person decided on.

    Attributes:
        waiting: those whose decision counts from now on, or until a sync carries it out.
        closed: those that are over.
    """

    waiting: tuple[int, ...]
    closed: tuple[int, ...]


def update_conflicts(
    connection: psycopg.Connection, integration: Integration, plan: Plan
) -> dict[str, int]:
    """Brings the queue in step with what a plan found; the plan of a revert finds nothing and changes nothing.

    Returns:
        `opened` and `closed`: how many entries this plan added and ended.
    """
    row = fetch_one(
        connection,
        "conflicts/conflicts",
        {
            "integration_id": integration.id,
            "plan_id": plan.plan_id,
            "object_types": list(plan.object_types),
        },
    )
    return {"opened": row["opened"], "closed": row["closed"]} if row else {"opened": 0, "closed": 0}


def list_conflicts(
    connection: psycopg.Connection,
    integration_id: UUID,
    chosen: ConflictFilter,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """The conflicts that are meant, newest first; each row carries their `total`, however many are returned."""
    return fetch_all(
        connection,
        "conflicts/listed_conflicts",
        {
            "integration_id": integration_id,
            "row_limit": limit,
            "row_offset": offset,
            **chosen.parameters(),
        },
    )


def group_conflicts(
    connection: psycopg.Connection,
    integration_id: UUID,
    chosen: ConflictFilter,
    *,
    limit: int,
    offset: int = 0,
) -> list[Row]:
    """The conflicts that are meant, those put together that are about the same; each row carries the `total`.

    Numbers, and `like`, do not narrow them down.
    """
    return fetch_all(
        connection,
        "conflicts/conflict_groups",
        {
            "integration_id": integration_id,
            "row_limit": limit,
            "row_offset": offset,
            **chosen.parameters(),
        },
    )


def open_conflicts(
    connection: psycopg.Connection,
    integration_id: UUID,
    *,
    kind: str | None = None,
    limit: int = 100,
) -> list[Row]:
    """The open conflicts, newest first, as a table shows them: first what disagrees, and on which object."""
    shown = (
        *("kind", "label", "serial_number", "field", "jamf_value", "moss_value"),
        "conflict_id",
    )
    rows = list_conflicts(connection, integration_id, ConflictFilter(kind=kind), limit=limit)
    return [{name: row[name] for name in shown} for row in rows]


def open_conflicts_by_kind(connection: psycopg.Connection, integration_id: UUID) -> dict[str, int]:
    """How many conflicts of each kind are open, the commonest first."""
    rows = fetch_all(
        connection, "conflicts/open_conflicts_by_kind", {"integration_id": integration_id}
    )
    return {row["kind"]: row["conflicts"] for row in rows}


def read_conflict(connection: psycopg.Connection, integration_id: UUID, conflict_id: int) -> Row:
    """One conflict with everything that is known of it.

    Raises:
        ConflictNotResolvable: there is none of that number.
    """
    row = fetch_one(
        connection,
        "conflicts/conflict_by_id",
        {
            "integration_id": integration_id,
            "conflict_id": conflict_id,
            "collections": Jsonb(
                {each.external_type: each.name.value for each in COLLECTIONS if each.external_type}
            ),
        },
    )
    if row is None:
        raise _unknown([conflict_id])
    return row


def meanings(kind: str) -> Mapping[Resolution, str]:
    """The resolutions that a kind of conflict allows, each with what it does."""
    return conflict_kind_named(kind).resolutions


def require_possible(kinds: Collection[str], resolution: Resolution) -> None:
    """Lets a resolution pass if it is possible for conflicts of all these kinds.

    Raises:
        ConflictNotResolvable: it is not; the message names what is.
    """
    impossible = sorted(kind for kind in set(kinds) if resolution not in meanings(kind))
    if not impossible:
        return
    possible = "; ".join(
        f"{kind}: {', '.join(name.words for name in meanings(kind)) or 'nothing'}"
        for kind in impossible
    )
    raise ConflictNotResolvable(
        f"{resolution.words!r} cannot be decided on a conflict of the kind {' or '.join(impossible)}.",
        f"Possible are: {possible}. Nothing was decided.",
    )


def resolve_conflicts(
    connection: psycopg.Connection,
    integration: Integration,
    conflict_ids: Sequence[int],
    resolution: Resolution,
    *,
    resolved_by: str,
    reason: str | None = None,
) -> Decided:
    """Records what a person decided on open conflicts, all of them or none; links show at once that they are settled.

    Args:
        connection: one in autocommit mode, under the log-in role.
        integration: whose conflicts.
        conflict_ids: their numbers.
        resolution: one that is possible for each of them.
        resolved_by: the person.
        reason: why, in the person's words.

    Raises:
        ConflictNotResolvable: one is not open, or does not allow this resolution.
    """
    wanted = sorted(set(conflict_ids))
    with connection.transaction():
        chosen = ConflictFilter(conflict_ids=tuple(wanted), status=None)
        found = {
            row["conflict_id"]: row for row in list_conflicts(connection, integration.id, chosen)
        }
        unknown = [number for number in wanted if number not in found]
        if unknown:
            raise _unknown(unknown)
        settled = [number for number in wanted if found[number]["status"] != "open"]
        if settled:
            status = found[settled[0]]["status"]
            raise ConflictNotResolvable(
                f"Conflict {_numbers(settled)} is not open: it is {status}. Nothing was decided.",
                "`moss-jamf conflicts show` tells more; a decision is taken back with "
                f"`moss-jamf conflicts resolve {settled[0]} --reopen`.",
            )
        require_possible([row["kind"] for row in found.values()], resolution)
        rows = fetch_all(
            connection,
            "conflicts/resolve_conflicts",
            {
                "integration_id": integration.id,
                "conflict_ids": wanted,
                "resolution": resolution.value,
                "reason": reason,
                "decided_by": resolved_by,
            },
        )
        if len(rows) != len(wanted):
            raise ConflictNotResolvable(
                "A sync closed one of the conflicts just now. Nothing was decided.",
                "Look at what is open, `moss-jamf conflicts list`, and decide on that.",
            )
        _refresh_links(connection, integration)
    return _decided(rows)


def reopen_conflicts(
    connection: psycopg.Connection,
    integration: Integration,
    conflict_ids: Sequence[int],
    *,
    reopened_by: str,
) -> Decided:
    """Takes decisions back, all of them or none: the conflicts are open again, and the next sync goes by the rules.

    Args:
        connection: one in autocommit mode, under the log-in role.
        integration: whose conflicts.
        conflict_ids: their numbers.
        reopened_by: the person.

    Returns:
        `waiting`: those that are open again; `closed`: those that leave nothing to decide, because a newer one is
        open, for other values, or because it was the pin of a revert.

    Raises:
        ConflictNotResolvable: one was not decided, or the decision was carried out and is over.
    """
    wanted = sorted(set(conflict_ids))
    with connection.transaction():
        rows = fetch_all(
            connection,
            "conflicts/reopen_conflicts",
            {
                "integration_id": integration.id,
                "conflict_ids": wanted,
                "decided_by": reopened_by,
            },
        )
        done = {row["conflict_id"] for row in rows}
        for number in wanted:
            if number not in done:
                raise _not_reopened(read_conflict(connection, integration.id, number))
        _refresh_links(connection, integration)
    return _decided(rows)


def _refresh_links(connection: psycopg.Connection, integration: Integration) -> None:
    """Lets M.O.S.S.'s own pages show of each link whether a conflict waits."""
    with writing(connection):
        execute(connection, "apply/refresh_sync_status", {"integration_id": integration.id})


def _decided(rows: Sequence[Row]) -> Decided:
    return Decided(
        waiting=tuple(row["conflict_id"] for row in rows if row["status"] != "closed"),
        closed=tuple(row["conflict_id"] for row in rows if row["status"] == "closed"),
    )


def _not_reopened(conflict: Row) -> ConflictNotResolvable:
    number = conflict["conflict_id"]
    if conflict["carried_out_by_plan"] is not None:
        plan = conflict["carried_out_by_plan"]
        return ConflictNotResolvable(
            f"What was decided on conflict {number} was carried out by plan {plan} and is over.",
            f"`moss-jamf revert {plan} --object {conflict['object_id']}` undoes what that plan wrote.",
        )
    return ConflictNotResolvable(
        f"Nobody has decided on conflict {number}: it is {conflict['status']}.",
        "`moss-jamf conflicts list --status resolved` shows the decisions that can be taken back.",
    )


def _unknown(numbers: Sequence[int]) -> ConflictNotResolvable:
    return ConflictNotResolvable(
        f"There is no conflict {_numbers(numbers)}.", "See `moss-jamf conflicts list`."
    )


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def as_like_pattern(label: str) -> str:
    """A pattern with `*` and `?` as LIKE has it."""
    literal = label.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return literal.replace("*", "%").replace("?", "_")
