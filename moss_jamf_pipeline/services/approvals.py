"""Approvals: what the guard holds of a plan, for a person to judge, and whether a plan may be applied at all.

Letting it through is a run of the scope `apply` with `RunOptions.approve` (`runs`), which records who approved what.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import psycopg

from moss_jamf_pipeline.moss.errors import PlanNotApplicable
from moss_jamf_pipeline.moss.plan import guard
from moss_jamf_pipeline.moss.plan.guard import HeldChanges, guard_plan, held_examples
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.plan.planning import newest_sync_plan_id
from moss_jamf_pipeline.services.pages import record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class HeldExample:
    """A held change, as a person judges by it.

    Attributes:
        row_id: where it stands in the plan.
        object_type: e.g. `device`.
        action: what was to be done, e.g. `update`.
        label: what the object is called.
        external_id: the id of its JAMF record.
        before: field to the value it has; ids of people and places are names.
        after: field to the value it would get.
        previous_external_id: the id of the JAMF record that a link moves from.
        serial_number: the one that a device has, or gets where it is new.
    """

    row_id: int
    object_type: str
    action: str
    label: str | None
    external_id: str | None
    before: Values
    after: Values
    previous_external_id: str | None = None
    serial_number: str | None = None


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """What the guard holds of a plan.

    Attributes:
        plan_id: of which.
        changes: the kinds that are meant; empty: nothing is held.
        examples: each of these kinds to its first changes.
    """

    plan_id: int
    changes: tuple[HeldChanges, ...]
    examples: Mapping[GuardKind, tuple[HeldExample, ...]]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are meant, as `RunOptions.approve` takes them."""
        return tuple(dict.fromkeys(change.kind.value for change in self.changes))


def held_of_plan(
    workplace: Workplace,
    choice: IntegrationChoice,
    plan_id: int | None = None,
    kinds: Collection[GuardKind] = (),
    *,
    examples: int = 10,
) -> HeldPlan:
    """What the guard holds of a plan; of one that waits, by the limits as they are now.

    Args:
        workplace: where.
        choice: which integration.
        plan_id: which plan; None: the newest that a sync made.
        kinds: only these kinds; empty: all.
        examples: how many of each kind.

    Raises:
        PlanNotApplicable: the plan cannot be applied, a newer one took its place, or it holds nothing of these kinds.
        NothingCaptured: there is no such plan.
    """
    with workplace.reading(choice) as (connection, integration):
        number = plan_id or newest_sync_plan_id(connection, integration.id)
        held = guard_plan(connection, integration, number)
        if plan_id is not None or held:
            guard.require_applicable(connection, integration, number, [*GuardKind])
        meant = tuple(change for change in held if not kinds or change.kind in kinds)
        if held and not meant:
            raise PlanNotApplicable(
                f"Plan {number} holds no changes of the kind {', '.join(kinds)}.",
                f"It holds: {', '.join(dict.fromkeys(change.kind.value for change in held))}.",
            )
        return HeldPlan(
            number,
            meant,
            {change.kind: _examples(connection, number, change.kind, examples) for change in meant},
        )


def require_applicable(workplace: Workplace, choice: IntegrationChoice, plan_id: int) -> None:
    """Lets a plan pass that may be applied.

    Raises:
        PlanNotApplicable: it may not, and why.
        NothingCaptured: there is no such plan.
    """
    with workplace.reading(choice) as (connection, integration):
        guard.require_applicable(connection, integration, plan_id)


def _examples(
    connection: psycopg.Connection, plan_id: int, kind: GuardKind, limit: int
) -> tuple[HeldExample, ...]:
    rows = held_examples(connection, plan_id, kind, limit=limit)
    values = [
        (field, value)
        for row in rows
        for side in ("before", "after")
        for field, value in row[side].items()
    ]
    names = Names.of(connection, values, plan_id)

    def named(values_of_side: Values) -> Values:
        return {field: names.shown(field, value) for field, value in values_of_side.items()}

    return tuple(
        record(HeldExample, row, before=named(row["before"]), after=named(row["after"]))
        for row in rows
    )
