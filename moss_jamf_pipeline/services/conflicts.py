"""The conflict queue: what M.O.S.S. and JAMF disagree on, and what a person decides, one by one or in groups."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution, conflict_kind_named
from moss_jamf_pipeline.moss.errors import ConflictNotResolvable
from moss_jamf_pipeline.moss.plan.conflicts import (
    ConflictFilter,
    Decided,
    group_conflicts,
    list_conflicts,
    open_conflicts_by_kind,
    read_conflict,
    reopen_conflicts,
    require_possible,
    resolve_conflicts,
)
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.statements import Row, fetch_pages
from moss_jamf_pipeline.moss.users import Whereabouts
from moss_jamf_pipeline.services import callers
from moss_jamf_pipeline.services.callers import Caller
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

_VALUES: Final = ("jamf_value", "moss_value", "base_value")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A conflict as a list shows it. Values are names where they stand for people and places.

    Attributes:
        conflict_id: its number.
        kind: e.g. `owned_field_differs`.
        object_type: e.g. `device`.
        object_id: the M.O.S.S. object, if there is one.
        external_type: the type of its JAMF record.
        external_id: that record's id.
        label: what the object is called.
        serial_number: of a device and what belongs to it.
        field: about which field; None: about the object as a whole.
        jamf_value: what JAMF says.
        moss_value: what M.O.S.S. says.
        base_value: what the sync last wrote or saw agreed.
        status: `open`, `resolved` or `closed`.
        opened_at: since when.
        opened_by_plan: the plan that found it.
        closed_at: when it was over.
        resolution: what was decided.
        resolution_reason: why.
        resolved_by: by whom.
        resolved_at: when.
        carried_out_by_plan: the plan that wrote what was decided.
        detail: what it means, as a sentence.
    """

    conflict_id: int
    kind: str
    object_type: str
    object_id: UUID | None
    external_type: str | None
    external_id: str | None
    label: str | None
    serial_number: str | None
    field: str | None
    jamf_value: str | None
    moss_value: str | None
    base_value: str | None
    status: str
    opened_at: datetime
    opened_by_plan: int
    closed_at: datetime | None
    resolution: Resolution | None
    resolution_reason: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    carried_out_by_plan: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class ConflictFacts(Conflict):
    """A conflict with everything that is known of it.

    Attributes:
        integration_id: whose it is.
        reopened_by: who took the last decision back.
        reopened_at: when.
        last_seen_in_plan: the newest plan of a sync that found it.
        is_linked: whether its object is linked to its JAMF record.
        base_as_of: when a sync last wrote the field; None: none did, or plans do not reach back so far.
        jamf_as_of: when JAMF was read for the plan that last found it.
        moss_as_of: when that plan looked at M.O.S.S.
    """

    integration_id: UUID
    reopened_by: str | None
    reopened_at: datetime | None
    last_seen_in_plan: int | None
    is_linked: bool
    base_as_of: datetime | None
    jamf_as_of: datetime | None
    moss_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class ConflictExplanation:
    """What a kind of conflict means.

    Attributes:
        title: what it is, in a few words.
        meaning: what happened and what the sync did about it.
        advice: what to do.
    """

    title: str
    meaning: str
    advice: str


@dataclass(frozen=True, slots=True)
class ConflictShown:
    """A conflict, and what can be decided about it.

    Attributes:
        conflict: which.
        explanation: what its kind means.
        resolutions: each possible decision, with what it would do; empty unless it is open.
    """

    conflict: ConflictFacts
    explanation: ConflictExplanation
    resolutions: Mapping[Resolution, str]


@dataclass(frozen=True, slots=True)
class ConflictGroup:
    """Conflicts that are about the same, and can be decided on as one.

    Attributes:
        kind: what kind of conflict.
        object_type: of which objects.
        field: about which field.
        moss_value: what M.O.S.S. says of each.
        jamf_value: what JAMF says of each.
        conflicts: how many.
        conflict_id: one of them: `ConflictFilter(like=…)` means all.
        newest_opened_at: when the newest was opened.
        examples: what the newest ones are called.
    """

    kind: str
    object_type: str
    field: str | None
    moss_value: str | None
    jamf_value: str | None
    conflicts: int
    conflict_id: int
    newest_opened_at: datetime
    examples: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue.

    Attributes:
        open: how many conflicts of each kind are open, the commonest first, whatever is asked for.
        conflicts: the page.
    """

    open: Mapping[str, int]
    conflicts: Page[Conflict]


@dataclass(frozen=True, slots=True)
class GroupedQueue:
    """A page of the queue in groups; the attributes as of `Queue`."""

    open: Mapping[str, int]
    groups: Page[ConflictGroup]


@dataclass(frozen=True, slots=True)
class ToDecide:
    """What a decision would be about.

    Attributes:
        conflict_ids: all of them.
        kinds: how many of each kind, the commonest first.
        examples: the first ones.
    """

    conflict_ids: tuple[int, ...]
    kinds: Mapping[str, int]
    examples: tuple[Conflict, ...]


_OPEN: Final = ConflictFilter()
_FIRST_PAGE: Final = PageRequest()


def list_queue(
    workplace: Workplace,
    choice: IntegrationChoice,
    chosen: ConflictFilter = _OPEN,
    page: PageRequest = _FIRST_PAGE,
) -> Queue:
    """The conflicts that are meant, newest first."""
    with workplace.reading(choice) as (connection, integration):

        def fetch(wanted: PageRequest) -> list[Row]:
            rows = list_conflicts(
                connection, integration.id, chosen, limit=wanted.limit, offset=wanted.offset
            )
            return _named(connection, rows)

        return Queue(
            open_conflicts_by_kind(connection, integration.id),
            page_of(fetch, page, _conflict),
        )


@contextmanager
def exported(
    workplace: Workplace, choice: IntegrationChoice, chosen: ConflictFilter = _OPEN
) -> Iterator[Iterator[Conflict]]:
    """All conflicts that are meant, newest first, as they are read: in the memory of a page."""
    with workplace.reading(choice) as (connection, integration):
        parameters = {
            "integration_id": integration.id,
            "row_limit": None,
            "row_offset": 0,
            **chosen.parameters(),
        }
        yield (
            _conflict(row)
            for rows in fetch_pages(connection, "conflicts/listed_conflicts", parameters)
            for row in _named(connection, rows)
        )


def list_groups(
    workplace: Workplace,
    choice: IntegrationChoice,
    chosen: ConflictFilter = _OPEN,
    page: PageRequest = _FIRST_PAGE,
) -> GroupedQueue:
    """The conflicts that are meant, those put together that are about the same, the largest group first."""
    with workplace.reading(choice) as (connection, integration):

        def fetch(wanted: PageRequest) -> list[Row]:
            rows = group_conflicts(
                connection, integration.id, chosen, limit=wanted.limit, offset=wanted.offset
            )
            return _named(connection, rows)

        return GroupedQueue(
            open_conflicts_by_kind(connection, integration.id),
            page_of(fetch, page, lambda row: record(ConflictGroup, row)),
        )


def show(workplace: Workplace, choice: IntegrationChoice, conflict_id: int) -> ConflictShown:
    """A conflict, and what each decision would do.

    Raises:
        ConflictNotResolvable: there is none of that number.
    """
    with workplace.reading(choice) as (connection, integration):
        (row,) = _named(connection, [read_conflict(connection, integration.id, conflict_id)])
    conflict = record(ConflictFacts, row, resolution=_resolution(row))
    kind = conflict_kind_named(conflict.kind)
    return ConflictShown(
        conflict,
        ConflictExplanation(kind.title, kind.meaning, kind.advice),
        dict(kind.resolutions) if conflict.status == "open" else {},
    )


def to_decide(
    workplace: Workplace,
    choice: IntegrationChoice,
    chosen: ConflictFilter,
    resolution: Resolution | None,
    *,
    examples: int = 10,
) -> ToDecide:
    """What a decision would be about, for a person to look at before.

    Args:
        workplace: where.
        choice: which integration.
        chosen: which conflicts are meant.
        resolution: what is to be decided; None: decisions are to be taken back.
        examples: how many to show.

    Raises:
        ConflictNotResolvable: this cannot be decided on a kind that is among them.
    """
    with workplace.reading(choice) as (connection, integration):
        found = list_conflicts(connection, integration.id, chosen)
        if resolution is not None:
            require_possible({row["kind"] for row in found}, resolution)
        shown = _named(connection, found[:examples])
    return ToDecide(
        # Numbers that are not there are told of when it is decided.
        conflict_ids=chosen.conflict_ids or tuple(row["conflict_id"] for row in found),
        kinds=dict(Counter(row["kind"] for row in found).most_common()),
        examples=tuple(map(_conflict, shown)),
    )


def resolve(
    workplace: Workplace,
    choice: IntegrationChoice,
    conflict_ids: Sequence[int],
    resolution: Resolution,
    *,
    resolved_by: str,
    reason: str | None = None,
) -> Decided:
    """Records what a person decided on open conflicts, all of them or none; the next sync writes what has to be.

    Args:
        workplace: where.
        choice: which integration.
        conflict_ids: their numbers.
        resolution: what was decided.
        resolved_by: the person.
        reason: why, in the person's words.

    Raises:
        ConflictNotResolvable: one is not open, or does not allow this resolution.
    """
    with workplace.deciding(choice) as (connection, integration):
        return resolve_conflicts(
            connection,
            integration,
            conflict_ids,
            resolution,
            resolved_by=resolved_by,
            reason=reason,
        )


def resolve_meant(
    workplace: Workplace,
    choice: IntegrationChoice,
    chosen: ConflictFilter,
    resolution: Resolution,
    *,
    decided_by: Caller,
    whereabouts: Whereabouts,
    reason: str | None = None,
) -> Decided:
    """Records what a caller decided on the open conflicts that are meant, and notes in M.O.S.S. that they did.

    Args:
        workplace: where.
        choice: which integration.
        chosen: which conflicts: named, or like one.
        resolution: what was decided.
        decided_by: who.
        whereabouts: of the request.
        reason: why, in the person's words.

    Raises:
        ConflictNotResolvable: none is meant, one is not open, or does not allow this resolution.
    """
    if chosen.conflict_ids is None and chosen.like is None:
        raise ConflictNotResolvable(
            "It is not said which conflicts are meant.", "Name them, or one that all are like."
        )
    meant = to_decide(workplace, choice, chosen, resolution, examples=0)
    with callers.noting(workplace, choice, decided_by, "resolve_conflict", whereabouts) as details:
        decided = resolve(
            workplace,
            choice,
            meant.conflict_ids,
            resolution,
            resolved_by=decided_by.name,
            reason=reason,
        )
        details |= {
            "conflict_ids": list(meant.conflict_ids),
            "resolution": resolution.value,
            "reason": reason,
        }
    return decided


def reopen(
    workplace: Workplace,
    choice: IntegrationChoice,
    conflict_ids: Sequence[int],
    *,
    reopened_by: str,
) -> Decided:
    """Takes decisions back, all of them or none; the next sync goes by the rules.

    Args:
        workplace: where.
        choice: which integration.
        conflict_ids: the numbers of the conflicts.
        reopened_by: the person.

    Raises:
        ConflictNotResolvable: one was not decided, or the decision was carried out and is over.
    """
    with workplace.deciding(choice) as (connection, integration):
        return reopen_conflicts(connection, integration, conflict_ids, reopened_by=reopened_by)


def reopen_meant(
    workplace: Workplace,
    choice: IntegrationChoice,
    conflict_ids: Sequence[int],
    *,
    reopened_by: Caller,
    whereabouts: Whereabouts,
) -> Decided:
    """Takes decisions back, as `reopen` does, and notes in M.O.S.S. that a caller did.

    Args:
        workplace: where.
        choice: which integration.
        conflict_ids: the numbers of the conflicts.
        reopened_by: who.
        whereabouts: of the request.

    Raises:
        ConflictNotResolvable: as of `reopen`.
    """
    with callers.noting(workplace, choice, reopened_by, "reopen_conflict", whereabouts) as details:
        details["conflict_ids"] = list(conflict_ids)
        return reopen(workplace, choice, conflict_ids, reopened_by=reopened_by.name)


def _conflict(row: Row) -> Conflict:
    return record(Conflict, row, resolution=_resolution(row))


def _resolution(row: Row) -> Resolution | None:
    return None if row["resolution"] is None else Resolution(row["resolution"])


def _named(connection: psycopg.Connection, rows: list[Row]) -> list[Row]:
    """Rows with names in place of the ids of people and places."""
    sides = [side for side in _VALUES if rows and side in rows[0]]
    names = Names.of(
        connection, [(row["field"], row[side]) for row in rows for side in sides], plan_id=0
    )
    return [
        {**row, **{side: names.shown(row["field"], row[side]) for side in sides}} for row in rows
    ]
