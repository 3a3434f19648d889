"""Applying: carries out exactly what a plan says, type by type, and says what became of each row."""

from collections.abc import Mapping
from typing import Any

import psycopg

from moss_jamf_pipeline.moss.errors import AnotherApplyRuns
from moss_jamf_pipeline.moss.integrations import Integration
from moss_jamf_pipeline.moss.planning import ObjectCounts, Plan, read_plan
from moss_jamf_pipeline.moss.statements import execute, fetch_one

# The statements that apply the rows of one object type, in order, in one transaction: lock what is to change, refuse
# what moved since the plan was made, write, link to JAMF, remember the base, mark the rows.
_LINK_AND_MARK = ("repoint_mappings", "link_objects", "record_applied_values", "mark_applied")
_STEPS: Mapping[str, tuple[str, ...]] = {
    "location": ("create_locations", "repoint_mappings", "link_objects", "mark_applied"),
    "room": ("create_rooms", "mark_applied"),
    "person": (
        "lock_people",
        "refuse_moved_objects",
        "refuse_existing_people",
        "create_people",
        "overwrite_people",
        "fill_people",
        "write_custom_fields",
        *_LINK_AND_MARK,
    ),
    "device": (
        "lock_devices",
        "leave_out_missing_references",
        "refuse_moved_objects",
        "refuse_rooms_elsewhere",
        "refuse_existing_devices",
        "create_devices",
        "overwrite_devices",
        "fill_devices",
        "write_custom_fields",
        *_LINK_AND_MARK,
    ),
    "io": (
        "lock_ios",
        "refuse_moved_objects",
        "create_ios",
        "overwrite_ios",
        "record_applied_values",
        "mark_applied",
    ),
    "group": (
        "lock_groups",
        "refuse_moved_objects",
        "create_groups",
        "overwrite_groups",
        *_LINK_AND_MARK,
    ),
    "group_member": ("add_group_members", "remove_group_members", "mark_applied"),
    "mapping": ("update_mappings", "mark_devices_unenrolled", "mark_applied"),
}

_COLLECTIONS = {
    "location": "buildings",
    "person": "users",
    "device": "computers",
    "group": "groups",
}
_CUSTOM_FIELDS = {
    "device": ["os_build", "form_factor", "barcode_1", "barcode_2", "jamf_enrollment_status"],
    "person": ["imported_from_jamf"],
}

# What a row's own content can make PostgreSQL (or a trigger of M.O.S.S.) refuse; anything else is no row's fault.
_ROW_FAULTS = (psycopg.IntegrityError, psycopg.DataError, psycopg.errors.RaiseException)

_LOCK = "select pg_try_advisory_xact_lock(hashtextextended(%(key)s, 0))"


def apply_objects(
    connection: psycopg.Connection, integration: Integration, plan: Plan, object_type: str
) -> ObjectCounts | None:
    """Applies the waiting rows of one object type in one transaction; applied again, it writes nothing.

    Each row is guarded by the value it was planned against; what moved since is refused. A row that the
    database rejects is marked failed with its reason, and the others are applied.

    Args:
        connection: one in autocommit mode.
        integration: whose plan it is.
        plan: the plan.
        object_type: one of `planning.OBJECT_TYPES`, or `mapping` for the links themselves.

    Returns:
        What became of the objects of this type; None for `mapping` and for types the plan does not hold.

    Raises:
        AnotherApplyRuns: another run applies a plan of this integration right now.
    """
    parameters: dict[str, Any] = {
        "integration_id": integration.id,
        "plan_id": plan.plan_id,
        "object_type": object_type,
        "collection": _COLLECTIONS.get(object_type),
        "fields": _CUSTOM_FIELDS.get(object_type, []),
    }
    with connection.transaction():
        lock = connection.execute(_LOCK, {"key": f"moss_jamf apply {integration.id}"}).fetchone()
        if lock is None or not lock[0]:
            raise AnotherApplyRuns(
                f"Another run is applying a plan of the integration {integration.name!r}.",
                "Wait until it has ended; two at once would undo each other's guard.",
            )
        execute(connection, "apply/begin_plan", parameters)
        span = fetch_one(connection, "apply/pending_rows", parameters)
        if span is not None and span["pending"]:
            _apply_rows(connection, object_type, parameters, span["first_row"], span["last_row"])
        if object_type == "mapping":
            execute(connection, "apply/refresh_sync_status", parameters)
            execute(connection, "apply/refresh_last_synced", parameters)
            execute(connection, "apply/finish_plan", parameters)
    counts = {count.object_type: count for count in read_plan(connection, plan.plan_id).counts}
    return counts.get(object_type)


def _apply_rows(
    connection: psycopg.Connection,
    object_type: str,
    parameters: Mapping[str, Any],
    first_row: int,
    last_row: int,
) -> None:
    """Applies a span of rows under a savepoint; halves it as long as one of its rows makes the database refuse it."""
    span = {**parameters, "first_row": first_row, "last_row": last_row}
    try:
        with connection.transaction():
            for step in _STEPS[object_type]:
                execute(connection, f"apply/{step}", span)
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
        _apply_rows(connection, object_type, parameters, first_row, middle)
        _apply_rows(connection, object_type, parameters, middle + 1, last_row)
