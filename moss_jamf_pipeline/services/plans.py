"""Plans: which there are, and what one would change, or changed, by object, rule or field, or whole. Only looks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.evidence import evidence_sentence
from moss_jamf_pipeline.catalogue.outcomes import Action
from moss_jamf_pipeline.moss.capture.attributes import attribute_labels
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.guard import Approval, HeldChanges, approvals, held_changes
from moss_jamf_pipeline.moss.plan.plan_pages import (
    EVERYTHING,
    ChangeFilter,
    all_changes,
    changes_by_field,
    changes_by_rule,
    count_changes,
    folded_changes,
    page_of_changes,
    recent_plans,
    suppressed_changes,
)
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, newest_plan_id, read_plan
from moss_jamf_pipeline.moss.statements import Row, fetch_one
from moss_jamf_pipeline.moss.text import unescaped
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan as a list shows it.

    Attributes:
        plan_id: its number.
        kind: `sync`, `revert` or `what_if`.
        status: `planned`, `applying`, `applied`, `superseded` or, of a what-if, `what_if`.
        slot: of a what-if, the slot it is made from.
        created_at: when it was made.
        applied_at: when all of it that may be was applied.
        object_types: what was planned.
        held: whether the guard holds some of it and nobody approved.
    """

    plan_id: int
    kind: str
    status: str
    slot: datetime | None
    created_at: datetime
    applied_at: datetime | None
    object_types: tuple[str, ...]
    held: bool


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What is known of one plan, but for its changes.

    Attributes:
        plan_id: its number.
        integration_id: whose it is.
        status: as of `PlanSummary`.
        kind: as of `PlanSummary`.
        slot: as of `PlanSummary`.
        object_types: what was planned.
        captures: collection to the capture it was made from.
        created_at: when it was made.
        applied_at: when all of it that may be was applied.
        validated_at: when it was tried against M.O.S.S., and rolled back.
        guarded_at: when the guard judged it.
        superseded_by: the newer plan that took its place, if there is one.
    """

    plan_id: int
    integration_id: UUID
    status: str
    kind: str
    slot: datetime | None
    object_types: tuple[str, ...]
    captures: Mapping[str, int]
    created_at: datetime
    applied_at: datetime | None
    validated_at: datetime | None
    guarded_at: datetime | None
    superseded_by: int | None


@dataclass(frozen=True, slots=True)
class PlanHead:
    """What every view of a plan begins with.

    Attributes:
        facts: what is known of it.
        counts: by object type, as they stand: planned before it is applied, what happened after.
        held: what the guard holds of it.
        approvals: what was let through of it, and by whom.
        field_labels: what people call the custom fields of extension attributes, by the names of the fields.
    """

    facts: PlanFacts
    counts: tuple[ObjectCounts, ...]
    held: tuple[HeldChanges, ...]
    approvals: tuple[Approval, ...] = ()
    field_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one object.

    Attributes:
        field: which.
        before: what M.O.S.S. has; ids of people and places are names.
        after: what it gets.
        owner: who owns the field.
        rule: which rule decided it.
    """

    field: str
    before: str | None
    after: str | None
    owner: str | None
    rule: str | None


@dataclass(frozen=True, slots=True)
class ChangedObject:
    """A row of a plan: an object, and what changes of it.

    Attributes:
        row_id: where it stands in the plan.
        object_type: e.g. `device`; `mapping` for a link.
        object_id: the M.O.S.S. object; None before it is created.
        action: what is done, e.g. `create`.
        label: what it is called; of a link, the type of its object.
        external_type: the type of its JAMF record.
        external_id: that record's id.
        reason: which rule decided the action.
        evidence: what of the JAMF record agrees with what its link last saw, and what contradicts it, where an identity
            is decided: a link that is made or moves, and any contradiction. None: nothing is to be said.
        serial_number: of a device and what belongs to it, the one that it gets or has.
        link_of: of a link, what its device is called.
        outcome: what became of it; None: it waits.
        outcome_detail: why, where there is something to say.
        held_as: as which kind the guard holds it.
        problem: what a trial found: what would become of it.
        problem_detail: why.
        fields: what changes of it.
    """

    row_id: int
    object_type: str
    object_id: UUID | None
    action: str
    label: str | None
    external_type: str | None
    external_id: str | None
    reason: str
    evidence: str | None
    serial_number: str | None
    link_of: str | None
    outcome: str | None
    outcome_detail: str | None
    held_as: str | None
    problem: str | None
    problem_detail: str | None
    fields: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class SuppressedChange:
    """What JAMF asks for and a rule keeps from M.O.S.S.: one field, or an object that is left out as a whole.

    Attributes:
        object_type: e.g. `device`.
        object_id: the M.O.S.S. object, if there is one.
        external_type: the type of its JAMF record.
        external_id: that record's id.
        label: what it is called.
        serial_number: of a device and what belongs to it.
        field: which; None for a whole object.
        before: what M.O.S.S. has, and keeps.
        after: what JAMF has.
        rule: which rule.
        detail: why, as a sentence.
    """

    object_type: str
    object_id: UUID | None
    external_type: str | None
    external_id: str | None
    label: str | None
    serial_number: str | None
    field: str | None
    before: str | None
    after: str | None
    rule: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class FoldedChange:
    """Equal changes of one field of several objects that M.O.S.S. has.

    Attributes:
        object_type: of which objects.
        field: which.
        owner: who owns it.
        before: what M.O.S.S. has; ids of people and places are names.
        after: what it gets.
        rule: which rule decided.
        outcome: what became of them; None: they wait.
        changes: how many objects.
        examples: what the first ones are called.
    """

    object_type: str
    field: str
    owner: str | None
    before: str | None
    after: str | None
    rule: str | None
    outcome: str | None
    changes: int
    examples: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class FoldedView:
    """A plan, equal changes of it folded into one. Objects that are created are left out: all of them is new.

    Attributes:
        head: see there.
        groups: a page of it, the commonest first.
        changes: how many changes there are in all pages.
    """

    head: "PlanHead"
    groups: Page[FoldedChange]
    changes: int


@dataclass(frozen=True, slots=True)
class ObjectView:
    """A plan, object by object.

    Attributes:
        head: see there.
        changes: a page of it.
        total: how many objects there are in all pages.
        next_row: where the next page begins, to be given as `after_row`; None: this is the last.
        suppressed: what rules keep from M.O.S.S.: comes with the first page of a plan that is narrowed to a type of
            object at most, else empty.
    """

    head: PlanHead
    changes: tuple[ChangedObject, ...]
    total: int
    next_row: int | None
    suppressed: Page[SuppressedChange]


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many changes a rule decided.

    Attributes:
        rule: which.
        object_type: of which objects.
        effect: `write`, `held`, `refused`, `failed`, `locked` or `suppressed`.
        changes: how many fields, or objects where no field changes.
        examples: what the first ones are called.
    """

    rule: str
    object_type: str
    effect: str
    changes: int
    examples: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class RuleView:
    """A plan by the rules that decided it."""

    head: PlanHead
    rules: tuple[RuleCount, ...]


@dataclass(frozen=True, slots=True)
class FieldExample:
    """One of the objects that get another value of a field."""

    name: str | None
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FieldCount:
    """How many objects get another value of a field.

    Attributes:
        object_type: of which objects.
        field: which.
        owner: who owns it.
        changes: how many.
        held: how many of them the guard holds.
        rules: which rules decided.
        examples: the first ones.
    """

    object_type: str
    field: str
    owner: str | None
    changes: int
    held: int
    rules: tuple[str | None, ...]
    examples: tuple[FieldExample, ...]


@dataclass(frozen=True, slots=True)
class FieldView:
    """A plan by the fields it changes."""

    head: PlanHead
    fields: tuple[FieldCount, ...]


@dataclass(frozen=True, slots=True)
class ExportedChange:
    """A change in a file of a whole plan: a field of an object, an object without fields, or what is suppressed.

    Attributes:
        row_id: where it stands in the plan; None if it is suppressed.
        object_type: e.g. `device`.
        object_id: the M.O.S.S. object.
        external_type: the type of its JAMF record.
        external_id: that record's id.
        name: what it is called.
        serial_number: of a device and what belongs to it.
        action: what is done.
        field: which field.
        before: what M.O.S.S. has; ids of people and places are names.
        after: what it gets.
        rule: which rule decided.
        outcome: what became of it.
        detail: why.
        problem: what a trial said of it.
    """

    row_id: int | None
    object_type: str
    object_id: UUID | None
    external_type: str | None
    external_id: str | None
    name: str | None
    serial_number: str | None
    action: str
    field: str | None
    before: str | None
    after: str | None
    rule: str | None
    outcome: str
    detail: str | None
    problem: str | None


_OF_IDENTITY: Final = frozenset({Action.LINK, Action.MOVE, Action.RETURN})
_FIRST_PAGE: Final = PageRequest(limit=20)


def naming_integration_of(settings: Settings, plan_id: int | None) -> Settings:
    """The environment in which the integration is the plan's own, where several are synced and none is named.

    Plans are numbered throughout, so whoever names a plan has named its integration.

    Args:
        settings: the environment.
        plan_id: the plan that is named; None: none is.

    Returns:
        The same environment where that tells nothing new.

    Raises:
        as `Workplace.looking`.
    """
    if plan_id is None or len(settings.meant) == 1:
        return settings
    with Workplace(settings) as workplace, workplace.looking() as connection:
        found = fetch_one(connection, "plan/integration_of_plan", {"plan_id": plan_id})
    return settings.naming(unescaped(found["name"]).strip()) if found else settings


def list_plans(
    workplace: Workplace, choice: IntegrationChoice, page: PageRequest = _FIRST_PAGE
) -> Page[PlanSummary]:
    """The latest plans, newest first, what-ifs among them."""
    with workplace.reading(choice) as (connection, integration):
        return page_of(
            lambda wanted: recent_plans(
                connection, integration.id, limit=wanted.limit, offset=wanted.offset
            ),
            page,
            lambda row: record(PlanSummary, row),
        )


def show_by_object(
    workplace: Workplace,
    choice: IntegrationChoice,
    plan_id: int | None = None,
    *,
    wanted: ChangeFilter = EVERYTHING,
    after_row: int = 0,
    limit: int = 50,
) -> ObjectView:
    """A page of a plan, object by object.

    Args:
        workplace: where.
        choice: which integration.
        plan_id: which plan; None: the newest, what-ifs left out.
        wanted: which of its changes.
        after_row: the last `row_id` of the page before; 0: the first page.
        limit: objects per page.

    Raises:
        NothingCaptured: the integration has no such plan, or none at all.
    """
    with workplace.reading(choice) as (connection, integration):
        head = _head(connection, integration, plan_id)
        number = head.facts.plan_id
        rows = page_of_changes(
            connection,
            number,
            wanted,
            after_row=after_row,
            limit=limit,
        )
        total = count_changes(connection, number, wanted)
        suppressed: Page[SuppressedChange] = Page((), total=0, limit=limit, offset=0)
        if wanted == ChangeFilter(wanted.object_type) and after_row == 0:
            suppressed = _suppressed(connection, number, wanted.object_type, PageRequest(limit))
    return ObjectView(
        head,
        changes=tuple(map(_changed_object, rows)),
        total=total,
        next_row=rows[-1]["row_id"] if len(rows) == limit else None,
        suppressed=suppressed,
    )


def show_folded(
    workplace: Workplace,
    choice: IntegrationChoice,
    plan_id: int | None = None,
    *,
    wanted: ChangeFilter = EVERYTHING,
    page: PageRequest = _FIRST_PAGE,
) -> FoldedView:
    """A page of a plan, equal changes as one.

    Args:
        workplace: where.
        choice: which integration.
        plan_id: which plan; None: the newest, what-ifs left out.
        wanted: of which type of object, field and rule; nothing else narrows it down.
        page: which page.

    Raises:
        NothingCaptured: the integration has no such plan, or none at all.
    """
    changes = 0
    with workplace.reading(choice) as (connection, integration):
        head = _head(connection, integration, plan_id)

        def fetch(piece: PageRequest) -> list[Row]:
            nonlocal changes
            rows = folded_changes(
                connection,
                head.facts.plan_id,
                wanted,
                limit=piece.limit,
                offset=piece.offset,
            )
            changes = rows[0]["changes_in_all"] if rows else changes
            return rows

        groups = page_of(fetch, page, lambda row: record(FoldedChange, row))
    return FoldedView(head, groups, changes)


def show_head(workplace: Workplace, choice: IntegrationChoice, plan_id: int) -> PlanHead:
    """What every view of a plan begins with. Errors as of `show_by_object`."""
    with workplace.reading(choice) as (connection, integration):
        return _head(connection, integration, plan_id)


def list_suppressed(
    workplace: Workplace,
    choice: IntegrationChoice,
    plan_id: int,
    *,
    object_type: str | None = None,
    page: PageRequest = _FIRST_PAGE,
) -> Page[SuppressedChange]:
    """What JAMF asks for and rules keep from M.O.S.S.

    Raises:
        NothingCaptured: the integration has no such plan.
    """
    with workplace.reading(choice) as (connection, integration):
        _facts(connection, integration, plan_id)
        return _suppressed(connection, plan_id, object_type, page)


def show_by_rule(
    workplace: Workplace,
    choice: IntegrationChoice,
    plan_id: int | None = None,
    *,
    object_type: str | None = None,
) -> RuleView:
    """A plan by the rules that decided it. Arguments and errors as of `show_by_object`."""
    with workplace.reading(choice) as (connection, integration):
        head = _head(connection, integration, plan_id)
        rows = changes_by_rule(connection, head.facts.plan_id, object_type=object_type)
    return RuleView(head, tuple(record(RuleCount, row) for row in rows))


def show_by_field(
    workplace: Workplace,
    choice: IntegrationChoice,
    plan_id: int | None = None,
    *,
    object_type: str | None = None,
) -> FieldView:
    """A plan by the fields it changes. Arguments and errors as of `show_by_object`."""
    with workplace.reading(choice) as (connection, integration):
        head = _head(connection, integration, plan_id)
        rows = changes_by_field(connection, head.facts.plan_id, object_type=object_type)
    return FieldView(head, tuple(map(_field_count, rows)))


@contextmanager
def exported(
    workplace: Workplace, choice: IntegrationChoice, plan_id: int | None = None
) -> Iterator[Iterator[ExportedChange]]:
    """Every change of a plan, field by field, then what rules suppress, as it is read: in the memory of a page.

    Arguments and errors as of `show_by_object`; they come when the block is entered.
    """
    with workplace.reading(choice) as (connection, integration):
        facts = _facts(connection, integration, plan_id)
        yield (record(ExportedChange, row) for row in all_changes(connection, facts.plan_id))


def _head(
    connection: psycopg.Connection, integration: Integration, plan_id: int | None
) -> PlanHead:
    facts = _facts(connection, integration, plan_id)
    return PlanHead(
        facts,
        counts=read_plan(connection, facts.plan_id).counts,
        held=held_changes(connection, facts.plan_id),
        approvals=approvals(connection, facts.plan_id),
        field_labels=attribute_labels(connection, integration),
    )


def _facts(
    connection: psycopg.Connection, integration: Integration, plan_id: int | None
) -> PlanFacts:
    """What is known of a plan of an integration.

    Raises:
        NothingCaptured: there is no such plan.
    """
    number = newest_plan_id(connection, integration.id) if plan_id is None else plan_id
    row = fetch_one(connection, "plan/plan_by_id", {"plan_id": number})
    if row is None or row["integration_id"] != integration.id:
        raise NothingCaptured(f"There is no plan {number}.", "`moss-jamf plan list` names them.")
    return record(PlanFacts, row)


def _suppressed(
    connection: psycopg.Connection, plan_id: int, object_type: str | None, page: PageRequest
) -> Page[SuppressedChange]:
    return page_of(
        lambda wanted: suppressed_changes(
            connection,
            plan_id,
            object_type=object_type,
            limit=wanted.limit,
            offset=wanted.offset,
        ),
        page,
        lambda row: record(SuppressedChange, row),
    )


def _changed_object(row: Row) -> ChangedObject:
    changes = tuple(Change(**change) for change in row["fields"])
    return record(ChangedObject, row, fields=changes, evidence=_evidence(row))


def _evidence(row: Row) -> str | None:
    evidence = row["evidence"]
    if not evidence or not (evidence.get("contradicted") or row["action"] in _OF_IDENTITY):
        return None
    return evidence_sentence(evidence)


def _field_count(row: Row) -> FieldCount:
    examples: list[dict[str, Any]] = row["examples"]
    return record(FieldCount, row, examples=tuple(FieldExample(**each) for each in examples))
