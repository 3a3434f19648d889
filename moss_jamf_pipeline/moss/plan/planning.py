"""Planning: every change a sync would make, as rows, from what is matched now. Writes to `jamf_sync` only."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.collections import CollectionName, collections_of
from moss_jamf_pipeline.catalogue.object_types import (
    COMPUTER_USER,
    ITEM_TYPE_NAMES,
    LED_TYPE_NAMES,
    OBJECT_TYPE_NAMES,
    OBJECT_TYPES,
    ObjectTypeName,
)
from moss_jamf_pipeline.catalogue.ownership import (
    OwnershipRule,
    clearable_fields,
    effective_rules,
    undeclared_fields,
)
from moss_jamf_pipeline.moss.capture.attributes import attribute_rules
from moss_jamf_pipeline.moss.capture.cadence import TARGETED
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integration.integrations import Integration, SyncSettings
from moss_jamf_pipeline.moss.match.matching import capture_parameters, name_parameters
from moss_jamf_pipeline.moss.statements import (
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    refresh_statistics,
    set_based_transaction,
)

PlanKind = Literal["sync", "revert", "what_if"]
"""What a plan is for: a sync, undoing an applied plan, or only to be looked at."""


@dataclass(frozen=True, slots=True)
class ObjectCounts:
    """What a plan makes of one type of object; the categories up to `failed` add up to `seen`.

    `skipped`: left out by a rule (a twin, a personal device, a dongle) or refused because M.O.S.S. moved;
    `failed`: could not be used (quarantine) or was rejected by the database; `held`: waits for an approval, and nothing
    else of the object is written; `locked`: another session held it, and it is planned anew next time. The rest says
    more about some of them; `unenrolments_held` about objects not seen.
    """

    object_type: str
    seen: int
    created: int
    updated: int
    unchanged: int
    conflicts: int
    skipped: int
    failed: int
    held: int
    locked: int
    removed: int
    linked: int
    moved: int
    returned: int
    unenrolled: int
    unenrolments_held: int
    deleted_internal: int

    @property
    def has_rows(self) -> bool:
        """Whether the plan may hold rows that change something of these objects; refused ones count as skipped."""
        return self.unchanged != self.seen

    @property
    def adds_up(self) -> bool:
        """Whether every object seen is in exactly one category."""
        sorted_out = (
            self.created
            + self.updated
            + self.unchanged
            + self.conflicts
            + self.skipped
            + self.failed
            + self.held
            + self.locked
            + self.removed
        )
        return sorted_out == self.seen


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it stands in `jamf_sync.plans`.

    Attributes:
        plan_id: its number.
        status: `planned`, `applying`, `applied`, `superseded` or, of a what-if for ever, `what_if`.
        object_types: what was planned; the rest was left as it is.
        counts: by object type, as they stand.
        kind: what it is for.
        superseded_by: the newer plan that took its place, if there is one.
        slot: of a what-if, the start of the slot it is made from.
    """

    plan_id: int
    status: str
    object_types: tuple[str, ...]
    counts: tuple[ObjectCounts, ...]
    kind: PlanKind = "sync"
    superseded_by: int | None = None
    slot: datetime | None = None


# A plan of more rows than that is worth new statistics; those of a few rows do not mislead.
_MANY_ROWS = 1_000


def make_plan(
    connection: psycopg.Connection,
    integration: Integration,
    captures: Mapping[str, Capture],
    *,
    run_id: str,
    object_types: Iterable[str] = OBJECT_TYPE_NAMES,
    what_if_of: datetime | None = None,
) -> Plan:
    """Plans every change, in one transaction; earlier plans that were never applied are superseded.

    Args:
        connection: one in autocommit mode.
        integration: whose plan, and by which policies.
        captures: the newest capture of each collection; what M.O.S.S. has switched off is left out of the plan.
        run_id: the run that asks, for the record.
        object_types: what to plan; the others stay as they are.
        what_if_of: the start of the slot that the captures are of, for a plan that is only to be looked at: it
            supersedes none and is never applied.

    Raises:
        NothingCaptured: there is no capture at all.
        OwnershipInvalid: the integration's overrides cannot be used.
    """
    captures = integration.settings.in_use(captures)
    chosen = _planned_types(integration.settings, set(object_types))
    if chosen and not captures:
        raise NothingCaptured(
            "Nothing has been captured from JAMF yet.", "Materialise the raw assets first."
        )
    rules = (
        *effective_rules(integration.settings.ownership_overrides),
        *attribute_rules(connection, integration),
    )
    with set_based_transaction(connection):
        execute(
            connection,
            "plan/upsert_field_ownership",
            {
                "integration_id": integration.id,
                "rules": Jsonb([rule.model_dump() for rule in rules]),
            },
        )
        plan_id = insert_plan(
            connection,
            integration.id,
            run_id=run_id,
            object_types=chosen,
            captures={name: capture.capture_id for name, capture in captures.items()},
            kind="sync" if what_if_of is None else "what_if",
            slot=what_if_of,
        )
        led = {"integration_id": integration.id, "object_types": chosen}
        taken_over = fetch_value(connection, "matching/object_leads", led)
        if taken_over and what_if_of is None:
            execute(connection, "plan/inherit_bases", led)
        execute(connection, "plan/create_compared_objects")
        compared = 0
        for object_type in chosen:
            compared += _plan_objects(
                connection, integration, captures, plan_id, object_type, compared, rules
            )
        if "device" in chosen:
            execute(
                connection,
                "revert/plan_declined_links",
                {"integration_id": integration.id, "plan_id": plan_id},
            )
        for object_type in chosen:
            for collection in collections_of(object_type):
                if collection.external_type is None or integration.settings.switched_off(
                    collection.name
                ):
                    continue
                _plan_links(
                    connection,
                    integration,
                    captures.get(collection.name),
                    plan_id,
                    collection.external_type,
                    object_type,
                    collection.name,
                )
        if "person" in chosen:
            # People whom only computers name have no record that could vanish; only the person can.
            _plan_links(
                connection,
                integration,
                None,
                plan_id,
                COMPUTER_USER,
                "person",
                CollectionName.USERS,
            )
        count_outcomes(connection, plan_id)
        execute(connection, "plan/count_objects_in_conflict", {"plan_id": plan_id})
    plan = Plan(
        plan_id,
        "planned" if what_if_of is None else "what_if",
        tuple(chosen),
        _counts(connection, plan_id),
        "sync" if what_if_of is None else "what_if",
        slot=what_if_of,
    )
    if sum(count.created + count.updated + count.removed for count in plan.counts) > _MANY_ROWS:
        refresh_statistics(connection, "jamf_sync.change_plan")
    return plan


def insert_plan(
    connection: psycopg.Connection,
    integration_id: UUID,
    *,
    run_id: str,
    object_types: Iterable[str],
    captures: Mapping[str, int],
    kind: PlanKind = "sync",
    slot: datetime | None = None,
) -> int:
    """Opens a plan without rows; unless it is a what-if, earlier ones that wait to be applied are superseded.

    Args:
        connection: any; the rows of the plan are best inserted in the same transaction.
        integration_id: whose plan.
        run_id: the run that asks, for the record.
        object_types: what the plan covers.
        captures: collection to the capture it is made from.
        kind: what it is for.
        slot: of a what-if, the slot it is made from.

    Returns:
        The plan's number.
    """
    plan_id: int = fetch_value(
        connection,
        "plan/insert_plan",
        {
            "integration_id": integration_id,
            "run_id": run_id,
            "object_types": list(object_types),
            "captures": Jsonb(dict(captures)),
            "plan_kind": kind,
            "slot": slot,
        },
    )
    return plan_id


def count_outcomes(
    connection: psycopg.Connection,
    plan_id: int,
    object_types: Iterable[str] = tuple(ObjectTypeName),
) -> None:
    """Keeps what the rows of a plan come to, for `read_plan`; part of every transaction that inserts or changes rows.

    Args:
        connection: any.
        plan_id: whose rows.
        object_types: of which types they are.
    """
    execute(
        connection,
        "plan/count_outcomes",
        {"plan_id": plan_id, "object_types": list(object_types)},
    )


def _planned_types(settings: SyncSettings, wanted: Collection[str]) -> list[str]:
    """What is planned of what is wanted: nothing is, of a collection that M.O.S.S. has switched off."""
    return [
        kind.name
        for kind in OBJECT_TYPES
        if kind.name in wanted
        and (all if kind.needs_all else any)(
            settings.switched_off(collection) is None for collection in kind.needs
        )
    ]


def _plan_objects(
    connection: psycopg.Connection,
    integration: Integration,
    captures: Mapping[str, Capture],
    plan_id: int,
    object_type: str,
    compared_before: int,
    rules: tuple[OwnershipRule, ...],
) -> int:
    """Plans one type of object, and says how many of them were compared field by field.

    Args:
        connection: any, inside the transaction of the plan.
        integration: whose plan, and by which policies.
        captures: the newest capture of each collection.
        plan_id: the plan.
        object_type: the type.
        compared_before: how many objects of other types were compared before.
        rules: who wins each field.
    """
    settings = integration.settings
    clearable = clearable_fields(rules, object_type)
    if object_type == "device" and settings.on_empty_user == "clear":
        clearable = sorted({*clearable, "assigned_to_person_id"})
    parameters = {
        "integration_id": integration.id,
        "plan_id": plan_id,
        "object_type": object_type,
        "clearable": clearable,
        "attributes": undeclared_fields(rules, object_type),
        "flag_adopted": settings.on_unlinked_serial == "adopt_and_flag",
        "keep_human_edits": settings.on_human_edit == "keep",
        "add_to_privileged": settings.add_members_to_privileged_groups,
        **name_parameters(settings),
        **capture_parameters(captures),
    }
    rejected = 0
    for collection in collections_of(object_type):
        if collection.name in captures and captures[collection.name].rejected:
            rejected += fetch_value(
                connection,
                "plan/rejected_records",
                {
                    "integration_id": integration.id,
                    "collection": collection.name.value,
                    "capture_id": captures[collection.name].capture_id,
                },
            )
    parameters["rejected"] = rejected
    match object_type:
        case "location":
            execute(connection, "plan/plan_locations", parameters)
        case "room":
            execute(connection, "plan/plan_rooms", parameters)
        case "group_member":
            execute(connection, "plan/plan_group_members", parameters)
        case _:
            compared = execute(connection, _COMPARISONS[object_type], parameters)
            if not compared:
                return 0
            if object_type in LED_TYPE_NAMES:
                execute(connection, "plan/plan_secondary_objects", parameters)
            if compared_before + compared > _MANY_ROWS:
                # Of what is joined by; sampling and sorting JSON would take longer than the joins.
                connection.execute("analyze compared_objects (object_type, object_id, action)")
            execute(connection, "plan/plan_creations", parameters)
            execute(connection, "plan/plan_field_changes", parameters)
            execute(connection, "plan/plan_rejections", parameters)
            return compared
    return 0


_COMPARISONS = {
    "person": "plan/compare_people",
    "device": "plan/compare_devices",
    "io": "plan/compare_ios",
    "group": "plan/compare_groups",
}


def _plan_links(
    connection: psycopg.Connection,
    integration: Integration,
    capture: Capture | None,
    plan_id: int,
    external_type: str,
    internal_type: str,
    collection: CollectionName,
) -> None:
    execute(
        connection,
        "plan/plan_mappings",
        {
            "integration_id": integration.id,
            "plan_id": plan_id,
            "external_type": external_type,
            "internal_type": internal_type,
            "collection": collection.value,
            "capture_id": capture.capture_id if capture else 0,
            "is_complete": capture.is_complete if capture else False,
            "is_targeted": capture is not None and capture.sweep == TARGETED,
        },
    )


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan without its counts, as `plan/plan_by_id` has it."""

    plan_id: int
    integration_id: UUID
    status: str
    kind: PlanKind
    slot: datetime | None
    object_types: tuple[str, ...]
    guarded_at: datetime | None
    superseded_by: int | None


def plan_facts(connection: psycopg.Connection, plan_id: int) -> PlanFacts | None:
    """What a plan is, without its counts; None: there is no such plan."""
    row = fetch_one(connection, "plan/plan_by_id", {"plan_id": plan_id})
    if row is None:
        return None
    return PlanFacts(
        **{name: row[name] for name in PlanFacts.__slots__ if name != "object_types"},
        object_types=tuple(row["object_types"]),
    )


def no_such_plan(plan_id: int) -> NothingCaptured:
    """What is said of a plan that is not there."""
    return NothingCaptured(
        f"There is no plan {plan_id}.", "See `moss-jamf plan show` for the newest one."
    )


def read_plan(
    connection: psycopg.Connection, plan_id: int, *, since: datetime | None = None
) -> Plan:
    """Reads a plan with its counts as they stand now: planned before it is applied, what happened after.

    Args:
        connection: any.
        plan_id: which.
        since: counts as a run sees them that works on the plan since then: what was settled before is unchanged.

    Raises:
        NothingCaptured: there is no such plan.
    """
    facts = plan_facts(connection, plan_id)
    if facts is None:
        raise no_such_plan(plan_id)
    return plan_with_counts(connection, facts, since=since)


def plan_with_counts(
    connection: psycopg.Connection, facts: PlanFacts, *, since: datetime | None = None
) -> Plan:
    """The same of a plan whose facts are known."""
    return Plan(
        plan_id=facts.plan_id,
        status=facts.status,
        object_types=facts.object_types,
        counts=_counts(connection, facts.plan_id, since),
        kind=facts.kind,
        superseded_by=facts.superseded_by,
        slot=facts.slot,
    )


def _counts(
    connection: psycopg.Connection, plan_id: int, since: datetime | None = None
) -> tuple[ObjectCounts, ...]:
    return tuple(
        ObjectCounts(**counts)
        for counts in fetch_all(
            connection, "plan/plan_summary", {"plan_id": plan_id, "since": since}
        )
    )


def newest_plan(connection: psycopg.Connection, integration_id: UUID) -> Plan:
    """The newest plan of an integration, whatever became of it; a what-if is none.

    Raises:
        NothingCaptured: there is none.
    """
    return read_plan(connection, newest_plan_id(connection, integration_id))


def newest_plan_id(connection: psycopg.Connection, integration_id: UUID) -> int:
    """The number of `newest_plan`, without its counts.

    Raises:
        NothingCaptured: there is none.
    """
    return _found(connection, "plan/newest_plan", integration_id)


def newest_sync_plan_id(connection: psycopg.Connection, integration_id: UUID) -> int:
    """The newest plan that a sync made: what is applied when nobody names a plan. A revert has to be named.

    Raises:
        NothingCaptured: there is none.
    """
    return _found(connection, "plan/newest_sync_plan", integration_id)


def _found(connection: psycopg.Connection, statement_name: str, integration_id: UUID) -> int:
    row = fetch_one(connection, statement_name, {"integration_id": integration_id})
    if row is None:
        raise NothingCaptured(
            "There is no plan yet.", "Materialise change_plan, or run `moss-jamf sync`."
        )
    return int(row["plan_id"])


def total(
    counts: Sequence[ObjectCounts], object_types: Iterable[str] = ITEM_TYPE_NAMES
) -> ObjectCounts:
    """The sum over some types; by default over those that M.O.S.S.'s history calls items."""
    wanted = set(object_types)
    chosen = [count for count in counts if count.object_type in wanted]
    names = [name for name in ObjectCounts.__slots__ if name != "object_type"]
    return ObjectCounts(
        object_type="all", **{name: sum(getattr(count, name) for count in chosen) for name in names}
    )
