"""Reverting: a plan that undoes what an earlier plan applied, made, looked at and applied like any other.

Only what M.O.S.S. still holds as it was written goes back; the rest is reported. Applying is `applying.apply_objects`.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPE_NAMES
from moss_jamf_pipeline.moss.errors import PlanNotRevertible
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.planning import Plan, count_outcomes, insert_plan, read_plan
from moss_jamf_pipeline.moss.statements import (
    Row,
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    refresh_statistics,
)

_PIN_REASON: Final = "Reverted plan {plan_id}."


@dataclass(frozen=True, slots=True)
class UndoneChanges:
    """Changes of one sort that a revert takes back.

    Attributes:
        object_type: of which type of object; of links, what they link.
        action: `update` (fields), `unlink`, `relink`, `delete`, and `add` or `remove` of group members.
        outcome: what became of them: `waiting`, `applied`, `refused`, `failed` or `locked`.
        objects: how many.
        fields: of `update`, how many fields.
    """

    object_type: str
    action: str
    outcome: str
    objects: int
    fields: int


def make_revert_plan(
    connection: psycopg.Connection,
    integration: Integration,
    undone_plan_id: int,
    *,
    run_id: str,
    object_type: str | None = None,
    object_id: UUID | None = None,
    pinned_by: str | None = None,
) -> Plan:
    """Plans to undo an applied plan, in one transaction; writes to `jamf_sync` only.

    Args:
        connection: one in autocommit mode, under the log-in role if fields are pinned.
        integration: whose plan.
        undone_plan_id: the plan to undo.
        run_id: who asks, for the record.
        object_type: only this type of object, with its links.
        object_id: only this object, with its interfaces and memberships.
        pinned_by: the person who pins every field that goes back, so that no sync writes it again; None: nobody does,
            and the next sync writes what JAMF has.

    Raises:
        PlanNotRevertible: there is no such plan, it is itself a revert, or nothing of it was applied.
    """
    _require_revertible(connection, integration, undone_plan_id)
    with connection.transaction():
        plan_id = insert_plan(
            connection,
            integration.id,
            run_id=run_id,
            object_types=OBJECT_TYPE_NAMES if object_type is None else (object_type,),
            captures={},
            kind="revert",
        )
        scope = {"plan_id": plan_id, "undone_plan_id": undone_plan_id}
        execute(connection, "revert/describe_revert", scope)
        execute(
            connection,
            "revert/plan_revert",
            {
                "integration_id": integration.id,
                **scope,
                "only_type": object_type,
                "only_object": object_id,
            },
        )
        for what_stays in (
            "refuse_gone_objects",
            "refuse_links_in_the_way",
            "refuse_led_by_others",
        ):
            execute(
                connection,
                f"revert/{what_stays}",
                {"integration_id": integration.id, "plan_id": plan_id},
            )
        count_outcomes(connection, plan_id)
        if pinned_by is not None:
            fetch_value(
                connection,
                "revert/pin_reverted_fields",
                {
                    "integration_id": integration.id,
                    "plan_id": plan_id,
                    "reason": _PIN_REASON.format(plan_id=undone_plan_id),
                    "decided_by": pinned_by,
                },
            )
    refresh_statistics(connection, "jamf_sync.change_plan")
    return read_plan(connection, plan_id)


def release_pins(connection: psycopg.Connection, integration: Integration, plan_id: int) -> int:
    """Takes back the pins of fields that a revert, after it was applied, did not put back.

    Returns:
        How many.
    """
    return execute(
        connection, "revert/release_pins", {"integration_id": integration.id, "plan_id": plan_id}
    )


def revert_summary(connection: psycopg.Connection, plan_id: int) -> tuple[UndoneChanges, ...]:
    """What a revert would do, before it is applied, and did, after."""
    return tuple(
        UndoneChanges(**row)
        for row in fetch_all(connection, "revert/revert_summary", {"plan_id": plan_id})
    )


def not_undone(connection: psycopg.Connection, plan_id: int, *, limit: int) -> list[Row]:
    """The first changes that a revert leaves as they are, and why; each row carries their `total`."""
    return fetch_all(connection, "revert/not_undone", {"plan_id": plan_id, "row_limit": limit})


def _require_revertible(
    connection: psycopg.Connection, integration: Integration, plan_id: int
) -> None:
    plan = fetch_one(
        connection,
        "revert/undone_plan",
        {"plan_id": plan_id, "integration_id": integration.id},
    )
    if plan is None or not plan["is_own"]:
        raise PlanNotRevertible(
            f"There is no plan {plan_id} of the integration {integration.name!r}.",
            "`moss-jamf plan list` names the plans.",
        )
    if plan["kind"] == "revert":
        raise PlanNotRevertible(
            f"Plan {plan_id} is itself a revert.",
            "The next `moss-jamf sync` writes again what JAMF has; pins are taken back with "
            "`moss-jamf conflicts resolve --kind reverted --reopen`.",
        )
    if not plan["applied_rows"]:
        raise PlanNotRevertible(
            f"Nothing of plan {plan_id} was applied, so there is nothing to undo.",
            "`moss-jamf history` and `moss-jamf plan show` tell which plans wrote something.",
        )
