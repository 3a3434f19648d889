"""How a run ended, in a word and a sentence: success, or partial and why."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psycopg

from moss_jamf_pipeline.moss.captures import misses_something, newest_captures
from moss_jamf_pipeline.moss.history import Status
from moss_jamf_pipeline.moss.integrations import Integration
from moss_jamf_pipeline.moss.planning import PLURALS, ObjectCounts, Plan, total
from moss_jamf_pipeline.moss.statements import fetch_all

_COLLECTION_OF = {
    "device": "computers",
    "person": "users",
    "group": "groups",
    "location": "buildings",
}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What the history row of a run says.

    Attributes:
        status: `success`, or `partial` when something could not be used, was refused or was not seen whole.
        counts: the sum over devices, people and groups.
        message: why it is partial, in sentences; None for a success.
        details: the same by object type, for machines.
    """

    status: Status
    counts: ObjectCounts
    message: str | None
    details: dict[str, Any]


def run_outcome(
    connection: psycopg.Connection,
    integration: Integration,
    plan: Plan,
    applied_object_types: Collection[str],
) -> RunOutcome:
    """Judges a plan as far as a run applied it, and the captures it was made from.

    Args:
        connection: one in autocommit mode.
        integration: whose run.
        plan: the plan, applied.
        applied_object_types: what the run applied; the rest of the plan is none of its deeds.
    """
    reasons = []
    counts = [count for count in plan.counts if count.object_type in applied_object_types]
    captures = newest_captures(connection, integration.id)
    for object_type, collection in _COLLECTION_OF.items():
        if (
            object_type in applied_object_types
            and collection in captures
            and misses_something(connection, integration.id, captures[collection])
        ):
            why = " ".join(captures[collection].incomplete_reasons)
            reasons.append(
                f"JAMF's {collection} were not captured completely, so nothing counts as gone: {why}"
            )
    reasons.extend(
        f"{count.failed} of {count.seen} {PLURALS[count.object_type]} could not be used or written."
        for count in counts
        if count.failed
    )
    refused = fetch_all(connection, "plan/refused_rows", {"plan_id": plan.plan_id})
    reasons.extend(
        f"{row['refused']} planned changes of {PLURALS[row['object_type']]} were refused: "
        "M.O.S.S. changed meanwhile, or what they refer to is not there. They are planned anew next time."
        for row in refused
    )
    return RunOutcome(
        status="partial" if reasons else "success",
        counts=total(counts),
        message=" ".join(reasons) or None,
        details={
            "plan_id": plan.plan_id,
            "objects": {
                count.object_type: {
                    name: getattr(count, name)
                    for name in ObjectCounts.__slots__
                    if name != "object_type"
                }
                for count in counts
            },
        },
    )
