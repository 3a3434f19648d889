"""How a run ended, in a word and a sentence: success, or partial and why."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS
from moss_jamf_pipeline.catalogue.object_types import plural_of
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.integration.history import Status
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.guard import held_changes, held_summary
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, Plan, total
from moss_jamf_pipeline.moss.statements import fetch_all

_REFUSED = {
    "sync": (
        (
            "1 planned change of {objects} was refused: M.O.S.S. changed meanwhile, or what it refers to is not there. "
            "It is planned anew next time."
        ),
        (
            "{number} planned changes of {objects} were refused: M.O.S.S. changed meanwhile, or what they refer to "
            "is not there. They are planned anew next time."
        ),
    ),
    "revert": (
        "1 change of {objects} was not undone: M.O.S.S. holds something else by now, or other data refers to it.",
        (
            "{number} changes of {objects} were not undone: M.O.S.S. holds something else by now, or other data "
            "refers to them."
        ),
    ),
}
"""By the kind of plan: of one change, and of several."""

_LOCKED = (
    (
        "1 change of {objects} was left out, because another session held what it needs: {names}.{by} "
        "It is planned anew next time."
    ),
    (
        "{number} changes of {objects} were left out, because another session held what they need: {names}.{by} "
        "They are planned anew next time."
    ),
)
"""Of one change, and of several."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What the history row of a run says.

    Attributes:
        status: `success`, or `partial` when something could not be used, was refused, was locked, is held or was
            not seen whole.
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
    captures: Mapping[str, Capture],
    applied_object_types: Collection[str],
    since: datetime | None = None,
) -> RunOutcome:
    """Judges a plan as far as a run applied it, and the captures it was made from.

    Args:
        connection: one in autocommit mode.
        integration: whose run.
        plan: the plan, applied.
        captures: the newest of each collection.
        applied_object_types: what the run applied; the rest of the plan is none of its deeds.
        since: when the run took the plan on; neither is what was settled before.
    """
    reasons = []
    counts = [count for count in plan.counts if count.object_type in applied_object_types]
    used = integration.settings.in_use(captures)
    for collection in COLLECTIONS:
        if (
            plan.kind == "sync"
            and collection.proves_absence
            and collection.object_type in applied_object_types
            and collection.name in used
            and used[collection.name].misses_something
        ):
            why = " ".join(used[collection.name].incomplete_reasons)
            reasons.append(
                f"JAMF's {collection.name} were not captured completely, so nothing counts as gone: {why}"
            )
    reasons.extend(
        f"{count.failed} of {count.seen} {plural_of(count.object_type)} could not be used or written."
        for count in counts
        if count.failed
    )
    refused = fetch_all(connection, "plan/refused_rows", {"plan_id": plan.plan_id, "since": since})
    reasons.extend(
        _REFUSED[plan.kind][row["refused"] > 1].format(
            number=row["refused"], objects=plural_of(row["object_type"])
        )
        for row in refused
    )
    reasons.extend(_locked(connection, plan.plan_id, since))
    held = [
        change
        for change in held_changes(connection, plan.plan_id)
        if ("mapping" if change.kind is GuardKind.UNENROLL else change.object_type)
        in applied_object_types
    ]
    if held:
        reasons.append(held_summary(plan.plan_id, held))
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
            "held": [
                {"kind": change.kind, "object_type": change.object_type, "changes": change.planned}
                for change in held
            ],
        },
    )


def _locked(connection: psycopg.Connection, plan_id: int, since: datetime | None) -> Iterator[str]:
    """What was left out because somebody else held it, in sentences that name it and whoever held it."""
    for row in fetch_all(connection, "plan/locked_rows", {"plan_id": plan_id, "since": since}):
        names = ", ".join(row["names"])
        more = row["rows"] - len(row["names"])
        of_links = "links of " if row["is_link"] else ""
        yield _LOCKED[row["rows"] > 1].format(
            number=f"{row['rows']:,}",
            objects=f"{of_links}{plural_of(row['object_type'])}",
            names=f"{names} and {more:,} more" if more else names,
            by=f" At work there: {row['held_by']}." if row["held_by"] else "",
        )
