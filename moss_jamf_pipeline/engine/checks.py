"""What must be true of what a step made, and what it means when it is not.

A step looks at its own work and takes the decision: a finding that `stops` ends what follows, for it guards what must
not be used at all. A warning says why; the run goes on with what is good. Doors only tell the findings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.collections import (
    COLLECTION_NAMES,
    COLLECTIONS,
    collection_named,
)
from moss_jamf_pipeline.engine.scopes import snapshot_step
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.capture.snapshots import quarantined_records
from moss_jamf_pipeline.moss.plan.guard import Choice, held_examples, held_summary
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, Plan
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one
from moss_jamf_pipeline.staging import Reason

_UNUSUAL_SHARE = 0.2
_UNUSUAL_NUMBER = 25
_SHOWN = 25
TRIAL_CHECK: Final = "plan_fits_moss"
NOTHING_HELD: Final = "Nothing is held: every change of the plan is applied."
# Not unusable: left out on purpose.
_LEFT_OUT = (Reason.PERSONALLY_OWNED, Reason.OUT_OF_SCOPE)
_DOUBLES: Final = {
    "device_matches": "matching/doubly_matched_devices",
    "person_matches": "matching/doubly_matched_people",
}


@dataclass(frozen=True, slots=True)
class Check:
    """A statement about what a step made.

    Attributes:
        step: the step's name.
        name: the check's name, which is true when it passes.
        says: what is true then, as sentences.
        otherwise: what is so if it is not true, and what to do then, as sentences.
        blocks: whether nothing that follows may use what the step made when it fails as an error.
    """

    step: str
    name: str
    says: str
    otherwise: str
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to be shown with a finding, and what to say if there are none."""

    rows: Sequence[Row]
    when_empty: str


Fact = int | list[str] | str | Table | tuple[ObjectCounts, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a check is true this time.

    Attributes:
        step: the step's name.
        check: the check's name.
        passed: whether it is true.
        is_error: whether it is an error if not; else a warning.
        stops: whether nothing that follows may use what the step made.
        says: the check's own sentences.
        told: what is so this time, as sentences; None: `says` is enough, for it is true.
        facts: numbers and tables to judge by.
    """

    step: str
    check: str
    passed: bool
    is_error: bool
    stops: bool
    says: str
    told: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Why a run ended here."""
        return (
            f"The check {self.check} of {self.step} failed, and nothing after it was done. "
            f"{self.told or self.says}"
        )


def _checks() -> list[Check]:
    return [
        *(
            Check(
                snapshot_step(collection),
                "snapshot_is_complete",
                "Every page arrived and the count agrees with JAMF's. If not, nothing counts as gone from JAMF.",
                "Not everything that JAMF lists has arrived, or its count is another. So nothing counts as gone from "
                "JAMF; the next full capture may be complete.",
            )
            for collection in COLLECTION_NAMES
        ),
        *(
            Check(
                snapshot_step(collection.name),
                "snapshot_did_not_vanish",
                f"JAMF still lists {collection.name} if it did before. An empty listing is taken for an error of "
                "JAMF's, not for the end of the fleet.",
                f"JAMF lists no {collection.name} any more, and listed some before: that is taken for an error of "
                "JAMF's. Look what the API role may read.",
                blocks=True,
            )
            for collection in COLLECTIONS
            if not collection.may_be_empty
        ),
        *(
            Check(
                snapshot_step(collection.name),
                "count_is_usual",
                f"JAMF lists about as many {collection.name} as in the captures before (the median of ten; a fifth "
                "more or less, but at least 25, is unusual). Look whether JAMF's sites, the API role or the scope "
                "changed.",
                f"JAMF lists many more or many fewer {collection.name} than in the captures before. Look whether "
                "JAMF's sites, the API role or the scope changed.",
            )
            for collection in COLLECTIONS
            if collection.is_steady
        ),
        Check(
            snapshot_step("computers"),
            "serial_numbers_are_unique",
            "No two JAMF computers carry one serial number. Of twins one is synced; delete the stale one.",
            "Some JAMF computers share a serial number. One of them is synced; delete the stale one in JAMF.",
        ),
        *(
            Check(
                snapshot_step(collection.name),
                "every_record_is_usable",
                "No record is held back whole. Those that are, and why, are in jamf_sync.quarantine.",
                "Some records cannot be used at all, and are held back. `moss-jamf quarantine list` says which, and "
                "why.",
            )
            for collection in COLLECTIONS
            if collection.is_judged_by_record
        ),
        *(
            Check(
                step,
                "identities_are_unique",
                "No M.O.S.S. object is claimed by two JAMF records.",
                "One M.O.S.S. object is claimed by two JAMF records; the table shows which. It must not happen: please "
                "report it.",
                blocks=True,
            )
            for step in _DOUBLES
        ),
        Check(
            "change_plan",
            "counts_add_up",
            "Every object seen is created, updated, unchanged, in conflict, skipped, failed, held or locked, "
            "each counted on its own.",
            "Some objects were seen of which the plan does not say what becomes of them. It must not happen: "
            "please report it.",
            blocks=True,
        ),
        Check(
            "guarded_plan",
            "nothing_is_held",
            "The plan makes no more changes of a kind at once than the guard lets through. Those that are too many are "
            "held until somebody approves them; the rest was applied.",
            "The plan makes more changes of a kind at once than the guard lets through: they are held.",
        ),
        Check(
            "plan_validation",
            TRIAL_CHECK,
            "M.O.S.S. takes every change of the plan. What its constraints or triggers reject would be left out and "
            "counted as failed; the rest would be applied.",
            "M.O.S.S. would not take some changes of the plan.",
        ),
        Check(
            "moss_mappings",
            "written_objects_exist",
            "What the plan says it created is in M.O.S.S. and linked to its JAMF record.",
            "Something that the plan says it created is not in M.O.S.S., or not linked: somebody may have deleted it "
            "in the same minute. The next sync looks again.",
        ),
    ]


CHECKS: Final = {(check.step, check.name): check for check in _checks()}
"""Every check, by its step and its name."""


def _finding(
    step: str,
    name: str,
    *,
    passed: bool,
    facts: Mapping[str, Fact],
    is_error: bool = False,
    told: str | None = None,
) -> Finding:
    check = CHECKS[step, name]
    return Finding(
        step,
        name,
        passed=passed,
        is_error=is_error,
        stops=check.blocks and is_error and not passed,
        says=check.says,
        told=told or (None if passed else check.otherwise),
        facts=facts,
    )


def nothing_looked_at(step: str, reason: str) -> tuple[Finding, ...]:
    """Nothing is wrong with what M.O.S.S. has switched off: no stale snapshot of it is used."""
    return tuple(
        _finding(step, name, passed=True, facts={"switched_off": reason})
        for of, name in CHECKS
        if of == step
    )


def findings_of_snapshot(
    connection: psycopg.Connection,
    integration_id: UUID,
    collection: str,
    capture: Capture | None,
    held_back: Sequence[Row],
) -> tuple[Finding, ...]:
    """What is so of the newest snapshot of a collection.

    Args:
        connection: any.
        integration_id: whose.
        collection: which.
        capture: the newest; None: there is none.
        held_back: what its snapshot holds back, and why (`snapshots.held_back`).
    """
    step, declared = snapshot_step(collection), collection_named(collection)
    captured = capture.captured if capture else 0
    before = (capture.captured_before or 0) if capture else 0
    usual = capture.usual if capture else None
    findings = [
        _finding(
            step,
            "snapshot_is_complete",
            passed=capture is not None and not capture.misses_something,
            facts={
                "incomplete_reasons": list(capture.incomplete_reasons)
                if capture
                else ["no capture"]
            },
        )
    ]
    if not declared.may_be_empty:
        findings.append(
            _finding(
                step,
                "snapshot_did_not_vanish",
                passed=captured > 0 or not before,
                is_error=declared.ends_the_run_when_empty,
                facts={"captured": captured, "captured_before": before},
            )
        )
    if declared.is_steady:
        allowed = max(_UNUSUAL_NUMBER, _UNUSUAL_SHARE * (usual or 0))
        findings.append(
            _finding(
                step,
                "count_is_usual",
                passed=usual is None or abs(captured - usual) <= allowed,
                facts={"captured": captured} | ({} if usual is None else {"usual": usual}),
            )
        )
    if collection == "computers":
        findings.append(_finding_of_twins(connection, integration_id, capture))
    if declared.is_judged_by_record:
        unusable = [
            row for row in held_back if row["is_whole_record"] and row["reason"] not in _LEFT_OUT
        ]
        findings.append(
            _finding(
                step,
                "every_record_is_usable",
                passed=not unusable,
                facts={
                    "reasons": Table(unusable, "Nothing is held back."),
                    "records": Table(
                        quarantined_records(connection, integration_id, collection, limit=_SHOWN)
                        if unusable
                        else [],
                        "Every record is usable.",
                    ),
                },
            )
        )
    return tuple(findings)


def _finding_of_twins(
    connection: psycopg.Connection, integration_id: UUID, capture: Capture | None
) -> Finding:
    twins = (
        fetch_all(
            connection,
            "staging/twin_serials",
            {"integration_id": integration_id, "capture_id": capture.capture_id},
        )
        if capture
        else []
    )
    return _finding(
        snapshot_step("computers"),
        "serial_numbers_are_unique",
        passed=not twins,
        facts={"serial_numbers": len(twins), "twins": Table(twins[:_SHOWN], "No twins.")},
    )


def findings_of_matches(
    connection: psycopg.Connection, integration_id: UUID, table: str
) -> tuple[Finding, ...]:
    """What is so of a table of matches; of those that no object can be claimed by twice, nothing is said."""
    if table not in _DOUBLES:
        return ()
    doubles = fetch_all(connection, _DOUBLES[table], {"integration_id": integration_id})
    return (
        _finding(
            table,
            "identities_are_unique",
            passed=not doubles,
            is_error=True,
            facts={"objects": len(doubles), "doubles": Table(doubles[:_SHOWN], "None.")},
        ),
    )


def findings_of_plan(plan: Plan) -> tuple[Finding, ...]:
    """What is so of a plan that was made."""
    return (
        _finding(
            "change_plan",
            "counts_add_up",
            passed=all(count.adds_up for count in plan.counts),
            is_error=True,
            facts={"counts": plan.counts},
        ),
    )


def findings_of_choice(
    connection: psycopg.Connection, choice: Choice, guarded: Sequence[Row]
) -> tuple[Finding, ...]:
    """What is so of the plan that a run applies.

    Args:
        connection: any.
        choice: the plan, and what the guard holds of it.
        guarded: what the guard counted, and what it made of it.
    """
    plan_id = choice.plan.plan_id
    return (
        _finding(
            "guarded_plan",
            "nothing_is_held",
            passed=not choice.held,
            told=held_summary(plan_id, choice.held) or NOTHING_HELD,
            facts={
                "plan": str(plan_id),
                "held": sum(change.planned for change in choice.held),
                "guard": Table(guarded, "Nothing in this plan is guarded."),
                "examples": Table(
                    [
                        {
                            "held_as": kind,
                            **{
                                name: row[name]
                                for name in ("label", "serial_number", "action", "external_id")
                            },
                        }
                        for kind in dict.fromkeys(change.kind for change in choice.held)
                        for row in held_examples(connection, plan_id, kind)
                    ][:_SHOWN],
                    NOTHING_HELD,
                ),
            },
        ),
    )


def findings_of_trial(plan_id: int, problems: Sequence[Row]) -> tuple[Finding, ...]:
    """What is so of a plan that was tried.

    Args:
        plan_id: the plan.
        problems: the first of what M.O.S.S. would not take; each carries their `total`.
    """
    total = problems[0]["total"] if problems else 0
    changes = "1 change" if total == 1 else f"{total:,} changes"
    return (
        _finding(
            "plan_validation",
            TRIAL_CHECK,
            passed=not problems,
            # The words of M.O.S.S. stand in the table: the UI takes a description for Markdown.
            told=f"M.O.S.S. would not take {changes} of plan {plan_id} as they are; the examples say which, and why."
            if problems
            else f"M.O.S.S. takes plan {plan_id} as it is.",
            facts={
                "plan": str(plan_id),
                "problems": total,
                "examples": Table(without(problems, "total"), "None."),
            },
        ),
    )


def findings_of_links(
    connection: psycopg.Connection, integration_id: UUID, plan_id: int
) -> tuple[Finding, ...]:
    """What is so of the objects that a plan created."""
    row = fetch_one(
        connection, "apply/missing_objects", {"plan_id": plan_id, "integration_id": integration_id}
    )
    missing, unlinked = (row["missing"], row["unlinked"]) if row else (0, 0)
    names: Sequence[str] = row["names"] or () if row else ()
    return (
        _finding(
            "moss_mappings",
            "written_objects_exist",
            passed=not missing and not unlinked,
            is_error=True,
            told=None if not names else f"Not there, or not linked: {', '.join(names)}.",
            facts={"missing": missing, "unlinked": unlinked},
        ),
    )


def without(rows: Sequence[Row], *names: str) -> list[Row]:
    """Rows without some columns."""
    return [{name: row[name] for name in row if name not in names} for row in rows]
