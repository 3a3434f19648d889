"""How a run ended, in a word and a sentence: success, or partial and why."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS
from moss_jamf_pipeline.catalogue.object_types import LINK, plural_of
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.integration.history import Status
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.guard import approvals, held_changes, held_summary
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, Plan, total
from moss_jamf_pipeline.moss.statements import fetch_all, fetch_one
from moss_jamf_pipeline.staging.reasons import Reason

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

_UNENROLLED = (
    "1 of the {objects} is gone from JAMF, and was marked so.",
    "{number} {objects} are gone from JAMF, and were marked so.",
)
"""Of one object, and of several."""

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


_NOTHING_LOST = (Reason.CUT_TO_FIT, Reason.TIME_IN_FUTURE)
"""Of these the plan tells, or a rule says what they count as."""


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


@dataclass(frozen=True, slots=True)
class _Dropped:
    """Fields of JAMF's that could not be used, while the rest of their records is.

    Attributes:
        fields: how many.
        records: of how many records.
    """

    fields: int
    records: int

    @property
    def sentence(self) -> str:
        fields = "1 field" if self.fields == 1 else f"{self.fields:,} fields"
        records = "1 record" if self.records == 1 else f"{self.records:,} records"
        return f"{fields} of {records} could not be used; `moss-jamf quarantine list` says which and why."


_NOTHING_DROPPED = _Dropped(0, 0)


def run_outcome(
    connection: psycopg.Connection,
    integration: Integration,
    plan: Plan,
    captures: Mapping[str, Capture],
    applied_object_types: Collection[str],
    since: datetime | None = None,
    *,
    run_id: str | None = None,
) -> RunOutcome:
    """Judges a plan as far as a run applied it, and the captures it was made from.

    Args:
        connection: one in autocommit mode.
        integration: whose run.
        plan: the plan, applied.
        captures: the newest of each collection.
        applied_object_types: what the run applied; the rest of the plan is none of its deeds.
        since: when the run took the plan on; neither is what was settled before.
        run_id: the run, whose approvals are told; None: nobody's are.
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
            what = collection.name.replace("_", " ")
            reasons.append(
                f"JAMF's {what} were not captured completely, so nothing counts as gone: {why}"
            )
    reasons.extend(
        f"{count.failed} of {count.seen} {plural_of(count.object_type)} could not be used or written."
        for count in counts
        if count.failed
    )
    dropped = (
        _dropped_fields(connection, integration, used, applied_object_types)
        if plan.kind == "sync"
        else _NOTHING_DROPPED
    )
    if dropped.fields:
        reasons.append(dropped.sentence)
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
    approved = [
        approval for approval in approvals(connection, plan.plan_id) if approval.run_id == run_id
    ]
    unenrolled = {
        count.object_type: count.unenrolled
        for count in plan.counts
        if count.unenrolled and LINK.name in applied_object_types
    }
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
            "dropped_fields": dropped.fields,
            "held": [
                {"kind": change.kind, "object_type": change.object_type, "changes": change.planned}
                for change in held
            ],
            "approved": [
                {"kind": one.kind, "changes": one.released, "by": one.approved_by}
                for one in approved
            ],
            "unenrolled": unenrolled,
            "told": [
                *(approval.sentence for approval in approved),
                *(
                    _UNENROLLED[number > 1].format(
                        number=f"{number:,}", objects=plural_of(object_type)
                    )
                    for object_type, number in unenrolled.items()
                ),
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


def _dropped_fields(
    connection: psycopg.Connection,
    integration: Integration,
    used: Mapping[str, Capture],
    applied_object_types: Collection[str],
) -> _Dropped:
    """What the captures lost that a run was made from."""
    captures = {
        collection.name: used[collection.name].capture_id
        for collection in COLLECTIONS
        if collection.name in used and collection.object_type in applied_object_types
    }
    row = fetch_one(
        connection,
        "quarantine/dropped_fields",
        {
            "integration_id": integration.id,
            "captures": Jsonb(captures),
            "not_lost": list(_NOTHING_LOST),
        },
    )
    return _NOTHING_DROPPED if row is None else _Dropped(**row)
