"""Applying: carries out exactly what a plan says, type by type, and says what became of each row."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any, Final

import psycopg

from moss_jamf_pipeline.catalogue.collections import collection_of
from moss_jamf_pipeline.catalogue.ownership import custom_fields
from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.errors import AnotherApplyRuns, PlanNotApplicable
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.guard import require_current
from moss_jamf_pipeline.moss.plan.planning import (
    ObjectCounts,
    Plan,
    count_outcomes,
    read_plan,
)
from moss_jamf_pipeline.moss.statements import (
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    joining_by_hash,
    refresh_statistics,
)

# The statements that apply the rows of one object type, in order, in one transaction: lock what is to change, refuse
# what moved since the plan was made, write, link to JAMF, remember the base, mark the rows.
_LINK_AND_MARK = (
    *("repoint_mappings", "link_objects", "record_applied_values"),
    *("carry_out_decisions", "mark_applied"),
)
_STEPS: Mapping[str, tuple[str, ...]] = {
    "location": (
        *("create_locations", "repoint_mappings", "link_objects"),
        *("settle_location_matches", "mark_applied"),
    ),
    "room": ("create_rooms", "settle_room_matches", "mark_applied"),
    "person": (
        "lock_people",
        "refuse_led_by_others",
        "refuse_moved_objects",
        "refuse_existing_people",
        "create_people",
        "overwrite_people",
        "fill_people",
        "write_decided",
        "write_custom_fields",
        "settle_person_matches",
        *_LINK_AND_MARK,
    ),
    "device": (
        "lock_devices",
        "refuse_led_by_others",
        "leave_out_missing_references",
        "refuse_moved_objects",
        "refuse_rooms_elsewhere",
        "refuse_existing_devices",
        "leave_out_taken_hostnames",
        "vacate_hostnames",
        "create_devices",
        "overwrite_devices",
        "fill_devices",
        "follow_defaults",
        "write_decided",
        "revert/restore_owned",
        "write_custom_fields",
        "settle_device_matches",
        *_LINK_AND_MARK,
    ),
    "io": (
        "lock_ios",
        "refuse_led_by_others",
        "refuse_moved_objects",
        "revert/delete_created",
        "create_ios",
        "overwrite_ios",
        "record_applied_values",
        "mark_applied",
    ),
    "group": (
        "lock_groups",
        "refuse_led_by_others",
        "refuse_moved_objects",
        "create_groups",
        "overwrite_groups",
        "settle_group_matches",
        *_LINK_AND_MARK,
    ),
    "group_member": (
        *("share_group_members", "add_group_members", "remove_group_members"),
        "mark_applied",
    ),
    "mapping": (
        "update_mappings",
        "mark_devices_unenrolled",
        "revert/delete_links",
        "carry_out_decisions",
        "mark_applied",
    ),
}

# The same of a revert: what refers to others goes before what it refers to.
_REVERTING_STEPS: Mapping[str, tuple[str, ...]] = {
    "group_member": (
        *("share_group_members", "remove_group_members", "add_group_members"),
        "mark_applied",
    ),
    "io": (
        "lock_ios",
        "refuse_led_by_others",
        "refuse_moved_objects",
        "revert/delete_created",
        "overwrite_ios",
        "record_applied_values",
        "mark_applied",
    ),
    "device": (
        "lock_devices",
        "refuse_led_by_others",
        "leave_out_missing_references",
        "refuse_moved_objects",
        "revert/delete_created",
        "leave_out_taken_hostnames",
        "vacate_hostnames",
        "overwrite_devices",
        "revert/restore_owned",
        "write_custom_fields",
        "record_applied_values",
        "mark_applied",
    ),
    "group": (
        "lock_groups",
        "refuse_led_by_others",
        "refuse_moved_objects",
        "revert/delete_created",
        "overwrite_groups",
        "record_applied_values",
        "mark_applied",
    ),
    "person": (
        "lock_people",
        "refuse_led_by_others",
        "refuse_moved_objects",
        "revert/delete_created",
        "overwrite_people",
        "revert/restore_owned",
        "write_custom_fields",
        "record_applied_values",
        "mark_applied",
    ),
    "room": ("revert/delete_created", "mark_applied"),
    "location": ("revert/delete_created", "mark_applied"),
    "mapping": ("revert/relink", "revert/delete_links", "mark_applied"),
}

# These compare what is planned with every device, person or interface by a value that M.O.S.S. has no index for: row by
# row they would go through all of them for each row.
_LOOK_THROUGH_ALL: Final = frozenset(
    {
        *("refuse_existing_people", "refuse_existing_devices", "leave_out_taken_hostnames"),
        *("vacate_hostnames", "create_locations", "create_rooms", "create_ios"),
    }
)

# What a row's own content can make PostgreSQL (or a trigger of M.O.S.S.) refuse; anything else is no row's fault.
_ROW_FAULTS = (psycopg.IntegrityError, psycopg.DataError, psycopg.errors.RaiseException)

_MANY_ROWS = 1_000

# One lock for all integrations: what one checks before it writes, no other changes until it has written.
_LOCK_OF_ALL = "select pg_advisory_xact_lock(hashtextextended('moss_jamf apply', 0))"
# As long as PostgreSQL lets a transaction idle before it ends it (`moss.database`).
_LOCK_OF_ALL_TIMEOUT = "10min"

_LOCK = "select pg_try_advisory_xact_lock(hashtextextended(%(key)s, 0))"


def apply_objects(
    connection: psycopg.Connection,
    integration: Integration,
    plan: Plan,
    object_type: str,
    *,
    since: datetime | None = None,
    is_trial: bool = False,
) -> Plan:
    """Applies the waiting rows of one object type in one transaction; applied again, it writes nothing.

    Each row is guarded by the value it was planned against; what moved since is refused. A row that the
    database rejects is marked failed with its reason, and the others are applied. A revert goes the other way round,
    so it is applied as a whole with the last type, `mapping`.

    Args:
        connection: one in autocommit mode.
        integration: whose plan it is.
        plan: the plan.
        object_type: one of `catalogue.object_types`, or `mapping` for the links themselves.
        since: when the run took the plan on; what was settled before counts as unchanged.
        is_trial: the caller rolls everything back; a trial excludes no other run.

    Returns:
        The plan, as it stands now.

    Raises:
        AnotherApplyRuns: another run applies a plan of this integration right now.
        PlanNotApplicable: the plan is a what-if.
    """
    if plan.kind == "what_if":
        raise PlanNotApplicable(
            f"Plan {plan.plan_id} is a what-if and never applied.",
            "Make a plan of now with `moss-jamf sync`.",
        )
    parameters: dict[str, Any] = {"integration_id": integration.id, "plan_id": plan.plan_id}
    with writing(connection):
        if not is_trial:
            _exclude_other_runs(connection, integration)
        # A constraint that is checked at the commit would reject the whole transaction, not the row that breaks it.
        connection.execute("set constraints all immediate")
        _begin(connection, plan)
        for each_type, steps in _steps(plan, object_type):
            _apply_type(connection, integration, plan, each_type, steps, is_trial=is_trial)
        if object_type == "mapping":
            # The last that this transaction does, as is what it sets for itself.
            connection.execute("set local enable_nestloop = off")
            execute(connection, "apply/refresh_sync_status", parameters)
            execute(connection, "apply/refresh_last_synced", parameters)
            execute(connection, "apply/finish_plan", parameters)
    applied = read_plan(connection, plan.plan_id, since=since)
    if object_type == "mapping" and not is_trial:
        _refresh_statistics(connection, applied.counts)
    return applied


def waiting_object_types(connection: psycopg.Connection, plan_id: int) -> frozenset[str]:
    """The types of objects of which rows of a plan wait to be applied, links included."""
    rows = fetch_all(connection, "apply/waiting_object_types", {"plan_id": plan_id})
    return frozenset(row["object_type"] for row in rows)


def _begin(connection: psycopg.Connection, plan: Plan) -> None:
    """Marks a plan as being applied.

    Raises:
        PlanNotApplicable: a newer plan took its place meanwhile.
    """
    status = fetch_value(connection, "apply/begin_plan", {"plan_id": plan.plan_id})
    if status == "superseded":
        require_current(read_plan(connection, plan.plan_id))


def _refresh_statistics(connection: psycopg.Connection, counts: Sequence[ObjectCounts]) -> None:
    """Lets the next plan be made with statistics of what this one has filled; autovacuum may come later."""
    if sum(count.created + count.updated for count in counts) > _MANY_ROWS:
        for table in ("applied_values", "group_member_additions"):
            refresh_statistics(connection, f"jamf_sync.{table}")


def _steps(plan: Plan, object_type: str) -> list[tuple[str, tuple[str, ...]]]:
    """The types of rows that are applied when it is one type's turn, in order, each with its statements."""
    if plan.kind != "revert":
        return [(object_type, _STEPS[object_type])]
    return list(_REVERTING_STEPS.items()) if object_type == "mapping" else []


def _apply_type(
    connection: psycopg.Connection,
    integration: Integration,
    plan: Plan,
    object_type: str,
    steps: Sequence[str],
    *,
    is_trial: bool,
) -> None:
    """Applies the waiting rows of one type; a trial, which leaves nothing behind, keeps nobody else waiting."""
    collection = collection_of(object_type)
    parameters: dict[str, Any] = {
        "integration_id": integration.id,
        "plan_id": plan.plan_id,
        "object_type": object_type,
        "collection": None if collection is None else collection.name.value,
        "add_to_privileged": integration.settings.add_members_to_privileged_groups,
        "fields": custom_fields(object_type),
    }
    span = fetch_one(connection, "apply/pending_rows", parameters)
    if span is not None:
        # Few rows look up by key what they touch; so many are joined with all there is.
        is_many = span["pending"] > _MANY_ROWS
        if not is_trial:
            _wait_for_other_integrations(connection)
        with joining_by_hash(connection) if is_many else nullcontext():
            _apply_rows(connection, steps, parameters, span["first_row"], span["last_row"])
    settled = execute(connection, "apply/mark_settled", parameters) if plan.kind == "revert" else 0
    if span is not None or settled:
        count_outcomes(connection, plan.plan_id, [object_type])


def _exclude_other_runs(connection: psycopg.Connection, integration: Integration) -> None:
    """Keeps other runs from applying until this transaction ends.

    Raises:
        AnotherApplyRuns: one does already.
    """
    lock = connection.execute(_LOCK, {"key": f"moss_jamf apply {integration.id}"}).fetchone()
    if lock is None or not lock[0]:
        raise AnotherApplyRuns(
            f"Another run is applying a plan of the integration {integration.name!r}.",
            "Wait until it has ended; two at once would undo each other's guard.",
        )


def _wait_for_other_integrations(connection: psycopg.Connection) -> None:
    """Keeps every other integration from writing until this transaction ends, and waits for the one that does.

    Two JAMF servers that know one Mac could each see that it is not in M.O.S.S. yet, and both create it.
    """
    before = connection.execute(
        "select current_setting('lock_timeout'), set_config('lock_timeout', %s, true)",
        (_LOCK_OF_ALL_TIMEOUT,),
    ).fetchone()
    connection.execute(_LOCK_OF_ALL)
    if before is not None:
        connection.execute("select set_config('lock_timeout', %s, true)", (before[0],))


def _apply_rows(
    connection: psycopg.Connection,
    steps: Sequence[str],
    parameters: Mapping[str, Any],
    first_row: int,
    last_row: int,
) -> None:
    """Applies a span of rows under a savepoint; halves it as long as one of its rows makes the database refuse it."""
    span = {**parameters, "first_row": first_row, "last_row": last_row}
    try:
        with connection.transaction():
            for step in steps:
                with joining_by_hash(connection) if step in _LOOK_THROUGH_ALL else nullcontext():
                    execute(connection, step if "/" in step else f"apply/{step}", span)
    except _ROW_FAULTS as fault:
        if first_row == last_row:
            detail = fault.diag.message_primary or "The database refused the row."
            execute(
                connection,
                "apply/mark_failed",
                {**parameters, "row_id": first_row, "detail": detail},
            )
            return
        middle = (first_row + last_row) // 2
        _apply_rows(connection, steps, parameters, first_row, middle)
        _apply_rows(connection, steps, parameters, middle + 1, last_row)
