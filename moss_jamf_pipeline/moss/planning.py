"""Planning: every change a sync would make, as rows, from what is matched now. Writes to `jamf_sync` only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.captures import Capture
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integrations import Integration
from moss_jamf_pipeline.moss.matching import capture_parameters
from moss_jamf_pipeline.moss.ownership import clearable_fields, effective_rules
from moss_jamf_pipeline.moss.statements import (
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    set_based_transaction,
)

# In the order in which they are planned and applied: what others refer to comes first.
OBJECT_TYPES = ("location", "room", "person", "device", "io", "group", "group_member")

# What people call them.
PLURALS = {
    "location": "locations",
    "room": "rooms",
    "person": "people",
    "device": "devices",
    "io": "interfaces",
    "group": "groups",
    "group_member": "group members",
    "mapping": "links",
}


@dataclass(frozen=True, slots=True)
class ObjectCounts:
    """What a plan makes of one type of object; the categories up to `failed` add up to `seen`.

    `skipped`: left out by a rule (a twin, a personal device, a dongle) or refused because M.O.S.S. moved;
    `failed`: could not be used (quarantine) or was rejected by the database. The rest says more about some of them.
    """

    object_type: str
    seen: int
    created: int
    updated: int
    unchanged: int
    conflicts: int
    skipped: int
    failed: int
    removed: int
    linked: int
    moved: int
    returned: int
    unenrolled: int
    deleted_internal: int

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
            + self.removed
        )
        return sorted_out == self.seen


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it stands in `jamf_sync.plans`."""

    plan_id: int
    status: str
    object_types: tuple[str, ...]
    counts: tuple[ObjectCounts, ...]


# How absence and new documents are planned: external type, internal type, the collection that proves them.
_LINKS = (
    ("location", "building", "location", "buildings"),
    ("person", "user", "person", "users"),
    ("device", "computer", "device", "computers"),
    ("group", "computer_group", "group", "groups"),
)


def make_plan(
    connection: psycopg.Connection,
    integration: Integration,
    captures: Mapping[str, Capture],
    *,
    run_id: str,
    object_types: Iterable[str] = OBJECT_TYPES,
) -> Plan:
    """Plans every change, in one transaction; earlier plans that were never applied are superseded.

    Args:
        connection: one in autocommit mode.
        integration: whose plan, and by which policies.
        captures: the newest capture of each collection.
        run_id: the run that asks, for the record.
        object_types: what to plan; the others stay as they are.

    Raises:
        NothingCaptured: there is no capture at all.
        OwnershipInvalid: the integration's overrides cannot be used.
    """
    if not captures:
        raise NothingCaptured(
            "Nothing has been captured from JAMF yet.", "Materialise the raw assets first."
        )
    chosen = [object_type for object_type in OBJECT_TYPES if object_type in set(object_types)]
    rules = effective_rules(integration.settings.ownership)
    with set_based_transaction(connection):
        execute(
            connection,
            "plan/upsert_field_ownership",
            {
                "integration_id": integration.id,
                "rules": Jsonb([rule.model_dump() for rule in rules]),
            },
        )
        plan_id = fetch_value(
            connection,
            "plan/insert_plan",
            {
                "integration_id": integration.id,
                "run_id": run_id,
                "object_types": chosen,
                "captures": Jsonb({name: capture.capture_id for name, capture in captures.items()}),
            },
        )
        execute(connection, "plan/create_compared_objects")
        for object_type in chosen:
            _plan_objects(connection, integration, captures, plan_id, object_type)
        for object_type, external_type, internal_type, collection in _LINKS:
            if object_type in chosen:
                _plan_links(
                    connection,
                    integration,
                    captures.get(collection),
                    plan_id,
                    external_type,
                    internal_type,
                    collection,
                )
        if "person" in chosen:
            # People whom only computers name have no record that could vanish; only the person can.
            _plan_links(connection, integration, None, plan_id, "computer_user", "person", "users")
    connection.execute("analyze jamf_sync.change_plan")
    return read_plan(connection, plan_id)


def _plan_objects(
    connection: psycopg.Connection,
    integration: Integration,
    captures: Mapping[str, Capture],
    plan_id: int,
    object_type: str,
) -> None:
    settings = integration.settings
    clearable = clearable_fields(effective_rules(settings.ownership), object_type)
    if object_type == "device" and settings.on_empty_user == "clear":
        clearable = sorted({*clearable, "assigned_to_person_id"})
    parameters = {
        "integration_id": integration.id,
        "plan_id": plan_id,
        "object_type": object_type,
        "clearable": clearable,
        "flag_adopted": settings.on_unlinked_serial == "adopt_and_flag",
        "keep_human_edits": settings.on_human_edit == "keep",
        "rejected": 0,
        **capture_parameters(captures),
    }
    collection = {"device": "computers", "person": "users", "group": "groups"}.get(object_type)
    if collection is not None and collection in captures:
        parameters["rejected"] = fetch_value(
            connection,
            "plan/rejected_records",
            {
                "integration_id": integration.id,
                "collection": collection,
                "capture_id": captures[collection].capture_id,
            },
        )
    match object_type:
        case "location":
            execute(connection, "plan/plan_locations", parameters)
        case "room":
            execute(connection, "plan/plan_rooms", parameters)
        case "group_member":
            execute(connection, "plan/plan_group_members", parameters)
        case _:
            execute(connection, _COMPARISONS[object_type], parameters)
            connection.execute("analyze compared_objects")
            execute(connection, "plan/plan_field_changes", parameters)


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
    collection: str,
) -> None:
    execute(
        connection,
        "plan/plan_mappings",
        {
            "integration_id": integration.id,
            "plan_id": plan_id,
            "external_type": external_type,
            "internal_type": internal_type,
            "collection": collection,
            "capture_id": capture.capture_id if capture else 0,
            "is_complete": capture.is_complete if capture else False,
        },
    )


def read_plan(connection: psycopg.Connection, plan_id: int) -> Plan:
    """Reads a plan with its counts as they stand now: planned before it is applied, what happened after.

    Raises:
        NothingCaptured: there is no such plan.
    """
    row = fetch_one(connection, "plan/plan_by_id", {"plan_id": plan_id})
    if row is None:
        raise NothingCaptured(
            f"There is no plan {plan_id}.", "See `moss-jamf plan show` for the newest one."
        )
    counts = tuple(
        ObjectCounts(**counts)
        for counts in fetch_all(connection, "plan/plan_summary", {"plan_id": plan_id})
    )
    return Plan(
        plan_id=plan_id,
        status=row["status"],
        object_types=tuple(row["object_types"]),
        counts=counts,
    )


def newest_plan(connection: psycopg.Connection, integration_id: UUID) -> Plan:
    """The newest plan of an integration.

    Raises:
        NothingCaptured: there is none.
    """
    row = fetch_one(connection, "plan/newest_plan", {"integration_id": integration_id})
    if row is None:
        raise NothingCaptured(
            "There is no plan yet.", "Materialise change_plan, or run `moss-jamf sync`."
        )
    return read_plan(connection, row["plan_id"])


def total(
    counts: Sequence[ObjectCounts], object_types: Iterable[str] = ("person", "device", "group")
) -> ObjectCounts:
    """The sum over the types that are JAMF records themselves (what M.O.S.S.'s history calls items)."""
    wanted = set(object_types)
    chosen = [count for count in counts if count.object_type in wanted]
    names = [name for name in ObjectCounts.__slots__ if name != "object_type"]
    return ObjectCounts(
        object_type="all", **{name: sum(getattr(count, name) for count in chosen) for name in names}
    )
