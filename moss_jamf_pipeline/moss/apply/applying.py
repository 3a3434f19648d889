"""Applying: carries out exactly what a plan says, type by type, and says what became of each row."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from moss_jamf_pipeline.catalogue.collections import collections_of
from moss_jamf_pipeline.catalogue.ownership import custom_fields
from moss_jamf_pipeline.moss.apply.spans import LOCK_OBJECTS, SpanWriter
from moss_jamf_pipeline.moss.capture.attributes import known_attributes
from moss_jamf_pipeline.moss.contract.roles import close_public, writing
from moss_jamf_pipeline.moss.errors import AnotherApplyRuns, PlanNotApplicable, TableLocked
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.guard import require_current
from moss_jamf_pipeline.moss.plan.planning import (
    ObjectCounts,
    Plan,
    count_outcomes,
    read_plan,
)
from moss_jamf_pipeline.moss.statements import (
    Row,
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    joining_by_hash,
    refresh_statistics,
)

logger = logging.getLogger(__name__)

# The statements that apply the rows of one object type, in order, in one transaction: lock what is to change, refuse
# what moved since the plan was made, write, link to JAMF, remember the base, mark the rows.
_LINK_AND_MARK = (
    *("repoint_mappings", "link_objects", "record_applied_values"),
    *("carry_out_decisions", "mark_applied"),
)
_STEPS: Mapping[str, tuple[str, ...]] = {
    "location": (
        *("announce_creations", "create_locations", "note_creations"),
        *("repoint_mappings", "link_objects", "settle_location_matches", "mark_applied"),
    ),
    "room": (
        *("announce_creations", "create_rooms", "note_creations"),
        *("settle_room_matches", "mark_applied"),
    ),
    "person": (
        LOCK_OBJECTS,
        "refuse_led_by_others",
        "refuse_moved_objects",
        "refuse_existing_people",
        "note_writing",
        "announce_creations",
        "create_people",
        "note_creations",
        "overwrite_people",
        "fill_people",
        "write_decided",
        "write_custom_fields",
        "settle_person_matches",
        *_LINK_AND_MARK,
    ),
    "device": (
        LOCK_OBJECTS,
        "refuse_led_by_others",
        "leave_out_missing_references",
        "refuse_moved_objects",
        "refuse_rooms_elsewhere",
        "refuse_existing_devices",
        "leave_out_taken_hostnames",
        "note_writing",
        "vacate_hostnames",
        "announce_creations",
        "create_devices",
        "note_creations",
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
        LOCK_OBJECTS,
        "refuse_led_by_others",
        "refuse_moved_objects",
        "revert/delete_created",
        "note_writing",
        "announce_creations",
        "create_ios",
        "note_creations",
        "overwrite_ios",
        "record_applied_values",
        "mark_applied",
    ),
    "group": (
        LOCK_OBJECTS,
        "refuse_led_by_others",
        "refuse_moved_objects",
        "note_writing",
        "announce_creations",
        "create_groups",
        "note_creations",
        "overwrite_groups",
        "settle_group_matches",
        *_LINK_AND_MARK,
    ),
    "group_member": (
        *("refuse_unshared_members", "share_group_members"),
        *("add_group_members", "remove_group_members"),
        "mark_applied",
    ),
    "mapping": (
        LOCK_OBJECTS,
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
        *("refuse_unshared_members", "share_group_members"),
        *("remove_group_members", "add_group_members"),
        "mark_applied",
    ),
    "io": (
        LOCK_OBJECTS,
        "refuse_led_by_others",
        "refuse_moved_objects",
        "revert/delete_created",
        "note_writing",
        "overwrite_ios",
        "record_applied_values",
        "mark_applied",
    ),
    "device": (
        LOCK_OBJECTS,
        "refuse_led_by_others",
        "leave_out_missing_references",
        "refuse_moved_objects",
        "revert/delete_created",
        "revert/refuse_links_in_the_way",
        "leave_out_taken_hostnames",
        "note_writing",
        "vacate_hostnames",
        "overwrite_devices",
        "revert/restore_owned",
        "write_custom_fields",
        "record_applied_values",
        "mark_applied",
    ),
    "group": (
        LOCK_OBJECTS,
        "refuse_led_by_others",
        "refuse_moved_objects",
        "revert/delete_created",
        "revert/refuse_links_in_the_way",
        "note_writing",
        "overwrite_groups",
        "record_applied_values",
        "mark_applied",
    ),
    "person": (
        LOCK_OBJECTS,
        "refuse_led_by_others",
        "refuse_moved_objects",
        "revert/delete_created",
        "revert/refuse_links_in_the_way",
        "note_writing",
        "overwrite_people",
        "revert/restore_owned",
        "write_custom_fields",
        "record_applied_values",
        "mark_applied",
    ),
    "room": ("revert/delete_created", "mark_applied"),
    "location": ("revert/delete_created", "mark_applied"),
    "mapping": (
        LOCK_OBJECTS,
        "revert/delete_links",
        "revert/refuse_links_in_the_way",
        "revert/vacate_links",
        "revert/relink",
        "mark_applied",
    ),
}

_Types = Sequence[tuple[str, tuple[str, ...]]]

# These compare what is planned with every device, person or interface by a value that M.O.S.S. has no index for: row by
# row they would go through all of them for each row.
_LOOK_THROUGH_ALL: Final = frozenset(
    {
        *("refuse_existing_people", "refuse_existing_devices", "leave_out_taken_hostnames"),
        *("vacate_hostnames", "create_locations", "create_rooms", "create_ios"),
    }
)

_MANY_ROWS = 1_000

_FILLED_BY_APPLYING: Final = (
    "applied_values",
    "group_member_additions",
    "created_objects",
    "custom_field_values",
)

# Of these, M.O.S.S.'s users work with the rows that a sync changes. So many are locked at once, for about a second.
_CUT: Final = frozenset({"person", "device", "io", "group"})
_MOST_LOCKED: Final = 4_000

# One lock for all integrations: what one checks before it writes, no other changes until it has written.
_LOCK_OF_ALL = "select pg_advisory_xact_lock(hashtextextended('moss_jamf apply', 0))"
# As long as PostgreSQL lets a transaction idle before it ends it (`moss.database`).
_LOCK_OF_ALL_TIMEOUT = "10min"

# Rows that somebody else held locked are tried again after these seconds, with nothing locked meanwhile; then they are
# left to the next run. Most of M.O.S.S.'s users are done by then.
_PAUSES: Final = (0.2, 0.5, 1.0)
# As long a whole table that somebody else holds is waited for, with a look each second.
_SECONDS_FOR_A_TABLE: Final = 30.0
_SECONDS_BETWEEN_LOOKS: Final = 1.0

_LOCK = "select pg_try_advisory_xact_lock(hashtextextended(%(key)s, 0))"


def apply_objects(
    connection: psycopg.Connection,
    integration: Integration,
    plan: Plan,
    object_type: str,
    *,
    since: datetime | None = None,
) -> Plan:
    """Applies the waiting rows of one object type; applied again, it writes nothing.

    What M.O.S.S. has already is changed in transactions of a few thousand rows, so that nobody who works there waits
    for long. Each row is guarded by the value it was planned against; what moved since is refused. A row that the
    database rejects is marked failed with its reason, and the others are applied. A revert goes the other way round,
    so it is applied as a whole with the last type, `mapping`.

    Args:
        connection: one in autocommit mode.
        integration: whose plan it is.
        plan: the plan.
        object_type: one of `catalogue.object_types`, or `mapping` for the links themselves.
        since: when the run took the plan on; what was settled before counts as unchanged.

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
    work = _Work(connection, integration, plan, since=since, is_trial=False)
    types = _steps(plan, object_type)
    is_last = object_type == "mapping"
    for span in _spans(connection, plan, object_type, at_once=_MOST_LOCKED):
        work.apply_when_tables_are_free(types, span, is_last=is_last)
    for pause in _PAUSES:
        if not work.has_met_locks:
            break
        time.sleep(pause)
        work.has_met_locks = False
        work.apply_when_tables_are_free(types, is_last=is_last, is_again=True)
    applied = read_plan(connection, plan.plan_id, since=since)
    if is_last:
        _refresh_statistics(connection, applied.counts)
    return applied


def try_objects(
    connection: psycopg.Connection, integration: Integration, plan: Plan, object_type: str
) -> list[Row]:
    """Applies the waiting rows of one type as a trial, in a transaction that the caller rolls back.

    A trial excludes no other run, and waits for nobody. What it changes of objects that M.O.S.S. has already is taken
    back a few thousand rows at a time, so that they are not locked until all is tried; what it creates, and host names
    that devices take from each other, stay for what refers to them.

    Args:
        connection: in a transaction.
        integration: whose plan it is.
        plan: the plan.
        object_type: as of `apply_objects`.

    Returns:
        The problems with what was taken back: `row_id`, `problem`, `detail`. Those with the rest are in the plan.
    """
    work = _Work(connection, integration, plan, since=None, is_trial=True)
    types = _steps(plan, object_type)
    problems: list[Row] = []
    for span in _spans(connection, plan, object_type, at_once=0):
        if span is None or span.is_tangled:
            work.apply_when_tables_are_free(types, span, is_last=object_type == "mapping")
            continue
        with connection.transaction(force_rollback=True):
            work.apply_when_tables_are_free(types, span, is_last=False)
            problems += fetch_all(
                connection,
                "plan/trial_problems",
                {
                    "plan_id": plan.plan_id,
                    "object_type": object_type,
                    "first_row": span.first_row,
                    "last_row": span.last_row,
                },
            )
    return problems


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
        for table in _FILLED_BY_APPLYING:
            refresh_statistics(connection, f"jamf_sync.{table}")


def _steps(plan: Plan, object_type: str) -> _Types:
    """The types of rows that are applied when it is one type's turn, in order, each with its statements."""
    if plan.kind != "revert":
        return [(object_type, _STEPS[object_type])]
    return list(_REVERTING_STEPS.items()) if object_type == "mapping" else []


@dataclass(frozen=True, slots=True)
class _Span:
    """Rows of one type that are applied in one transaction.

    Attributes:
        first_row: of them.
        last_row: of them.
        is_tangled: whether they can only be applied together, or with what was applied before.
    """

    first_row: int
    last_row: int
    is_tangled: bool


def _spans(
    connection: psycopg.Connection, plan: Plan, object_type: str, *, at_once: int
) -> list[_Span | None]:
    """The spans in which the waiting rows of a type are applied; None: all of them, whatever they are.

    Args:
        connection: any.
        plan: whose rows.
        object_type: which.
        at_once: up to how many objects are changed without cutting.
    """
    scope = {"plan_id": plan.plan_id, "object_type": object_type}
    if plan.kind == "revert" or object_type not in _CUT:
        return [None]
    pending = fetch_one(connection, "apply/pending_rows", scope)
    if pending is None or pending["changing"] <= at_once:
        return [None]
    rows = fetch_all(connection, "apply/spans", {**scope, "row_limit": _MOST_LOCKED})
    return [_Span(**row) for row in rows]


@dataclass(slots=True)
class _Work:
    """What is applied, in one transaction each time.

    Attributes:
        connection: one in autocommit mode.
        integration: whose plan it is.
        plan: the plan.
        since: when the run took the plan on.
        is_trial: whether the caller rolls everything back; then nobody else is kept waiting.
        has_met_locks: whether rows were left because somebody else held what they need.
    """

    connection: psycopg.Connection
    integration: Integration
    plan: Plan
    since: datetime | None
    is_trial: bool
    has_met_locks: bool = False

    def apply_when_tables_are_free(
        self,
        types: _Types,
        span: _Span | None = None,
        *,
        is_last: bool,
        is_again: bool = False,
    ) -> None:
        """Applies the waiting rows of some types; waits, with nothing locked, while somebody holds a whole table.

        Args:
            types: the types, each with its statements.
            span: which rows; None: all that wait.
            is_last: whether the plan ends with them.
            is_again: whether rows that were left locked by this run are tried again.

        Raises:
            TableLocked: a whole table was held all the time.
            AnotherApplyRuns: another run applies a plan of this integration right now.
        """
        deadline = time.monotonic() + _SECONDS_FOR_A_TABLE
        while True:
            try:
                self._apply(types, span, is_last=is_last, is_again=is_again)
            except TableLocked:
                if self.is_trial or time.monotonic() > deadline:
                    raise
            else:
                return
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _apply(self, types: _Types, span: _Span | None, *, is_last: bool, is_again: bool) -> None:
        parameters = {"integration_id": self.integration.id, "plan_id": self.plan.plan_id}
        with writing(self.connection):
            if not self.is_trial:
                _exclude_other_runs(self.connection, self.integration)
            # A constraint that is checked at the commit would reject the whole transaction, not the row that breaks it.
            self.connection.execute("set constraints all immediate")
            _begin(self.connection, self.plan)
            for object_type, steps in types:
                if is_again:
                    self._release(object_type)
                self._apply_type(object_type, steps, span, is_patient=not is_again)
            if is_last:
                # The last that this transaction does, as is what it sets for itself.
                self.connection.execute("set local enable_nestloop = off")
                execute(self.connection, "apply/refresh_sync_status", parameters)
                execute(self.connection, "apply/refresh_last_synced", parameters)
                execute(self.connection, "apply/finish_plan", parameters)

    def _release(self, object_type: str) -> None:
        released = execute(
            self.connection,
            "apply/release_locked",
            {"plan_id": self.plan.plan_id, "object_type": object_type, "since": self.since},
        )
        if released:
            count_outcomes(self.connection, self.plan.plan_id, [object_type])

    def _define_attributes(self) -> None:
        """Makes the custom fields that M.O.S.S. lacks; what it refuses, the values of these fail for, and no others."""
        try:
            with self.connection.transaction():
                for name in ("apply/define_attributes", "apply/renew_attribute_fields"):
                    execute(self.connection, name, {"integration_id": self.integration.id})
        except (psycopg.IntegrityError, psycopg.DataError, psycopg.InternalError) as error:
            words = error.diag.message_primary or "it did not say why"
            logger.warning("M.O.S.S. refuses a custom field for an extension attribute: %s", words)
        close_public(self.connection)

    def _custom_fields(self, object_type: str) -> list[str]:
        """The custom fields that rows of a type may write; M.O.S.S. gets those of attributes that it lacks."""
        declared = custom_fields(object_type)
        maps_attributes = self.integration.settings.reads_attributes
        if object_type != "device" or not (maps_attributes or self.plan.kind == "revert"):
            return declared
        if maps_attributes:
            self._define_attributes()
        known = known_attributes(self.connection, self.integration.id)
        return [*declared, *(each.field_name for each in known if each.field_name is not None)]

    def _apply_type(
        self, object_type: str, steps: Sequence[str], span: _Span | None, *, is_patient: bool
    ) -> None:
        parameters: dict[str, Any] = {
            "integration_id": self.integration.id,
            "plan_id": self.plan.plan_id,
            "object_type": object_type,
            "linked_collections": [
                collection.name.value for collection in collections_of(object_type)
            ],
            "fields": self._custom_fields(object_type),
        }
        waiting = fetch_one(self.connection, "apply/pending_rows", parameters)
        if waiting is not None:
            # Few rows look up by key what they touch; so many are joined with all there is.
            is_many = waiting["pending"] > _MANY_ROWS
            first_row, last_row = (
                (waiting["first_row"], waiting["last_row"])
                if span is None
                else (span.first_row, span.last_row)
            )
            if not self.is_trial:
                _wait_for_other_integrations(self.connection)
            writer = SpanWriter(self.connection, steps, _LOOK_THROUGH_ALL, parameters)
            with joining_by_hash(self.connection) if is_many else nullcontext():
                writer.write(first_row, last_row, is_patient=is_patient)
            self.has_met_locks |= writer.has_met_locks
        settled = (
            execute(self.connection, "apply/mark_settled", parameters)
            if self.plan.kind == "revert"
            else 0
        )
        if waiting is not None or settled:
            count_outcomes(self.connection, self.plan.plan_id, [object_type])


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
    connection.execute("select set_config('lock_timeout', %s, true)", (_LOCK_OF_ALL_TIMEOUT,))
    connection.execute(_LOCK_OF_ALL)
