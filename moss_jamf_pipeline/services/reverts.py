"""Reverts: what undoing an applied plan would do, the plan of it, and what became of that.

Applying the plan is a run of the scope `apply` (`runs`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.moss.apply.reverting import (
    UndoneChanges,
    make_revert_plan,
    not_undone,
    release_pins,
    revert_summary,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration, require_enabled
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.plan.planning import Plan
from moss_jamf_pipeline.moss.statements import Row
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.requested_runs import (
    Ordering,
    StartedRun,
    require_nothing_at_work,
)
from moss_jamf_pipeline.services.requested_runs import order as start_ordered
from moss_jamf_pipeline.services.runs import RunOptions
from moss_jamf_pipeline.services.story_finding import Candidate, Subject, find_any
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

_SHOWN: Final = PageRequest(limit=50)


class NothingToUndo(ProblemFound):
    """Nothing of a plan stands as it was written."""


@dataclass(frozen=True, slots=True)
class RevertScope:
    """What of a plan is undone; what is left out does not narrow it down.

    Attributes:
        object_type: only this type of object, with its links.
        object_id: only this object, with its interfaces and memberships.
    """

    object_type: str | None = None
    object_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MovedValue:
    """A field that M.O.S.S. changed since the plan wrote it.

    Attributes:
        written: what the plan wrote; ids of people and places are names.
        present: what is there now.
    """

    written: str | None
    present: str | None


@dataclass(frozen=True, slots=True)
class LeftChange:
    """A change that a revert leaves as it is.

    Attributes:
        row_id: where it stands in the revert's plan.
        object_type: e.g. `device`; of a link, the type of its object.
        object_id: the M.O.S.S. object.
        label: what it is called.
        serial_number: of a device and what belongs to it.
        external_id: the id of its JAMF record.
        action: what undoing it would have been.
        outcome: what became of that.
        outcome_detail: why.
        moved: field to what was written and what is there.
    """

    row_id: int
    object_type: str
    object_id: UUID | None
    label: str | None
    serial_number: str | None
    external_id: str | None
    action: str
    outcome: str | None
    outcome_detail: str | None
    moved: Mapping[str, MovedValue]


@dataclass(frozen=True, slots=True)
class Revert:
    """What a revert undoes, and what it leaves.

    Attributes:
        reverts: the plan it undoes.
        plan_id: its own plan.
        undone: what it would undo, before it is applied, and did, after.
        left: the first changes that it leaves as they are.
    """

    reverts: int
    plan_id: int
    undone: tuple[UndoneChanges, ...]
    left: Page[LeftChange]

    @property
    def waits(self) -> bool:
        """Whether something of it waits to be applied."""
        return any(change.outcome == "waiting" for change in self.undone)


@dataclass(frozen=True, slots=True)
class AppliedRevert:
    """A revert that was applied.

    Attributes:
        revert: what became of it.
        pinned: how many fields that went back are pinned.
        released: how many pins were taken back, of fields that did not go back.
    """

    revert: Revert
    pinned: int
    released: int


_EVERYTHING: Final = RevertScope()


def object_named(
    workplace: Workplace, choice: IntegrationChoice, sought: str, object_type: str | None = None
) -> Candidate:
    """The object that a revert is confined to, by whatever it is known by.

    Args:
        workplace: where.
        choice: which integration.
        sought: serial number, host name, e-mail address, name, `jamf:` and a JAMF id.
        object_type: to which type the revert is confined; None: to none.

    Raises:
        ObjectUnknown: there is no such device, person or group.
        ObjectUnclear: there are several.
    """
    subjects = [subject for subject in Subject if object_type in (None, subject.value)]
    with workplace.reading(choice) as (connection, integration):
        found = find_any(connection, integration, subjects or list(Subject), sought)
    if found.object_id is None:
        raise NothingToUndo(
            f"M.O.S.S. has no {found.object_type.value} {found.words}, so no plan wrote anything to it.",
            "Name another one.",
        )
    return found


def preview(
    workplace: Workplace,
    choice: IntegrationChoice,
    plan_id: int,
    scope: RevertScope = _EVERYTHING,
) -> Revert:
    """What undoing a plan would do; what was planned for that is rolled back.

    Raises:
        PlanNotRevertible: there is no such plan, it is itself a revert, or nothing of it was applied.
        IntegrationDisabled: the integration is switched off.
    """
    with workplace.reading(choice) as (connection, integration):
        require_enabled(integration)
        with connection.transaction(force_rollback=True):
            made = _make(connection, integration, plan_id, scope, pinned_by=None)
            return _revert(connection, plan_id, made.plan_id)


def make(
    workplace: Workplace,
    choice: IntegrationChoice,
    plan_id: int,
    scope: RevertScope = _EVERYTHING,
    *,
    pinned_by: str | None = None,
) -> Revert:
    """Makes the plan that undoes another; M.O.S.S. is not written.

    Args:
        workplace: where.
        choice: which integration.
        plan_id: the plan to undo.
        scope: what of it.
        pinned_by: the person who pins every field that goes back, so that no sync writes it again; None: nobody does.

    Raises:
        PlanNotRevertible: there is no such plan, it is itself a revert, or nothing of it was applied.
        IntegrationDisabled: the integration is switched off.
    """
    with workplace.deciding(choice) as (connection, integration):
        require_enabled(integration)
        made = _make(connection, integration, plan_id, scope, pinned_by=pinned_by)
        return _revert(connection, plan_id, made.plan_id)


def order(ordering: Ordering, plan_id: int, scope: RevertScope = _EVERYTHING) -> StartedRun:
    """Makes the plan that undoes another, and starts the run that applies it.

    Args:
        ordering: by whom.
        plan_id: the plan to undo.
        scope: what of it.

    Raises:
        AnotherRunAtWork: the integration has a run that has not ended.
        NothingToUndo: nothing of the plan stands as it was written.
        PlanNotRevertible: as of `make`.
    """
    require_nothing_at_work(ordering)
    made = make(ordering.workplace, ordering.choice, plan_id, scope)
    if not made.waits:
        raise NothingToUndo(
            f"Nothing of plan {plan_id} can be undone: M.O.S.S. holds none of it as it was written.",
            "The preview of the revert says why, change by change.",
        )
    return start_ordered(ordering, RunOptions("apply", plan_id=made.plan_id))


def conclude(
    workplace: Workplace, choice: IntegrationChoice, made: Revert, *, is_pinned: bool
) -> AppliedRevert:
    """What became of a revert after the run that applied it; pins of what did not go back are taken back.

    Args:
        workplace: where.
        choice: which integration.
        made: the revert as it was made.
        is_pinned: whether fields were pinned for it.
    """
    with workplace.deciding(choice) as (connection, integration):
        released = release_pins(connection, integration, made.plan_id) if is_pinned else 0
        revert = _revert(connection, made.reverts, made.plan_id)
    applied = sum(change.fields for change in revert.undone if change.outcome == "applied")
    return AppliedRevert(revert, pinned=applied if is_pinned else 0, released=released)


def _make(
    connection: psycopg.Connection,
    integration: Integration,
    plan_id: int,
    scope: RevertScope,
    *,
    pinned_by: str | None,
) -> Plan:
    return make_revert_plan(
        connection,
        integration,
        plan_id,
        run_id="moss-jamf revert",
        object_type=scope.object_type,
        object_id=scope.object_id,
        pinned_by=pinned_by,
    )


def _revert(connection: psycopg.Connection, undone_plan_id: int, plan_id: int) -> Revert:
    return Revert(
        undone_plan_id,
        plan_id,
        undone=revert_summary(connection, plan_id),
        left=page_of(
            lambda wanted: _named(
                connection, not_undone(connection, plan_id, limit=wanted.limit), plan_id
            ),
            _SHOWN,
            lambda row: record(LeftChange, row),
        ),
    )


def _named(connection: psycopg.Connection, rows: list[Row], plan_id: int) -> list[Row]:
    """Rows with names in place of the ids of people and places among their moved values."""
    values = [
        (field, value)
        for row in rows
        for field, sides in row["moved"].items()
        for value in sides.values()
    ]
    names = Names.of(connection, values, plan_id)
    return [
        {
            **row,
            "moved": {
                field: MovedValue(
                    written=names.shown(field, sides.get("written")),
                    present=names.shown(field, sides.get("present")),
                )
                for field, sides in row["moved"].items()
            },
        }
        for row in rows
    ]
