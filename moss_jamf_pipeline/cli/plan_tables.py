"""How plans are shown: as tables and sentences, and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from moss_jamf_pipeline.catalogue.collections import jamf_id_in
from moss_jamf_pipeline.cli.counts import counts_document, print_counts
from moss_jamf_pipeline.cli.output import cell, named, print_table, stdout
from moss_jamf_pipeline.moss.plan.guard import held_summary
from moss_jamf_pipeline.services.pages import Page
from moss_jamf_pipeline.services.plans import (
    Change,
    ChangedObject,
    FieldCount,
    FieldExample,
    FieldView,
    ObjectView,
    PlanHead,
    PlanSummary,
    RuleCount,
    RuleView,
    SuppressedChange,
)

_STATUS = {
    "planned": "planned, not applied",
    "applying": "being applied, or stopped on the way",
    "applied": "applied",
    "superseded": "not applied to its end: a newer plan took its place",
    "what_if": "a what-if: to be looked at, never applied",
}


def print_plans(plans: Page[PlanSummary]) -> None:
    """Prints a list of plans."""
    print_table(
        ["plan", "kind", "made", "status", "applied", "of slot", "held"],
        [
            [
                plan.plan_id,
                plan.kind.replace("_", "-"),
                plan.created_at,
                plan.status.replace("_", "-"),
                plan.applied_at,
                plan.slot,
                "waits for an approval" if plan.held and plan.status != "superseded" else None,
            ]
            for plan in plans
        ],
        numbers=["plan"],
    )


def plan_document(shown: ObjectView | RuleView | FieldView) -> dict[str, object]:
    """A plan as JSON: its facts, its counts, and one view of its changes."""
    head = {
        "plan": shown.head.facts,
        "counts": counts_document(shown.head.counts),
        "approvals": shown.head.approvals,
    }
    match shown:
        case RuleView():
            return {**head, "rules": shown.rules}
        case FieldView():
            return {**head, "fields": shown.fields}
        case ObjectView():
            total = shown.suppressed.total
            return {
                **head,
                "changes": shown.changes,
                "total": shown.total,
                "next": shown.next_row,
                "suppressed": [{**asdict(change), "total": total} for change in shown.suppressed],
            }


def print_plan(shown: ObjectView | RuleView | FieldView, object_type: str | None) -> None:
    """Prints a plan.

    Args:
        shown: one view of it.
        object_type: to what it was narrowed down, if it was.
    """
    _print_head(shown.head)
    match shown:
        case RuleView():
            _print_rules(shown.rules)
        case FieldView():
            _print_fields(shown.fields, shown.head.field_labels)
        case ObjectView():
            _print_objects(shown, object_type)
    waiting = held_summary(shown.head.facts.plan_id, shown.head.held)
    if waiting:
        stdout.print(waiting, style="yellow", markup=False, soft_wrap=True)


def _print_head(head: PlanHead) -> None:
    facts = head.facts
    slot = f", of the slot {cell(facts.slot)}" if facts.slot else ""
    stdout.print(
        f"Plan {facts.plan_id}, made {cell(facts.created_at)}{slot}: {_STATUS.get(facts.status, facts.status)}.",
        soft_wrap=True,
    )
    if facts.validated_at:
        stdout.print(
            f"Tried against M.O.S.S. {cell(facts.validated_at)}, and rolled back.",
            style="dim",
            soft_wrap=True,
        )
    for approval in head.approvals:
        stdout.print(
            f"{approval.sentence} ({cell(approval.approved_at)})", markup=False, soft_wrap=True
        )
    print_counts(head.counts, "")


def _print_objects(shown: ObjectView, object_type: str | None) -> None:
    labels = shown.head.field_labels
    _print_changes(shown.changes, object_type, labels)
    _print_suppressed(shown.suppressed, labels)
    if shown.next_row is not None:
        stdout.print(
            f"There may be more: --after {shown.next_row} shows the next page, --limit a longer one; --type and --by "
            "narrow it down.",
            soft_wrap=True,
        )


def _print_changes(
    rows: Sequence[ChangedObject], object_type: str | None, labels: Mapping[str, str]
) -> None:
    if not rows:
        what = "object" if object_type is None else object_type
        stdout.print(f"No {what} changes.")
        return
    table: list[list[object]] = []
    for row in rows:
        head = [row.action, row.object_type, _name(row)]
        if row.action == "create":
            values = "; ".join(
                f"{_field(change.field, labels)}: {change.after}" for change in row.fields
            )
            table.append([*head, "", values, row.reason, _outcome(row)])
            continue
        for number, change in enumerate(row.fields or (None,)):
            beginning = head if number == 0 else ["", "", ""]
            outcome = _outcome(row) if number == 0 else ""
            table.append([*beginning, *_change(row, change, labels), outcome])
        if row.evidence:
            table.append(["", "", "", "who is who", row.evidence, row.reason, ""])
    print_table(["action", "object", "name", "field", "before → after", "rule", "outcome"], table)


def _name(row: ChangedObject) -> str:
    # The label of a link is the type of its object.
    if row.object_type == "mapping":
        linked = named(row.link_of, row.serial_number)
        record = f"{row.external_type} {jamf_id_in(row.external_id or '')}"
        return f"{record}: {linked}" if linked else record
    return named(row.label or row.external_id or row.object_id, row.serial_number)


def _field(name: str, labels: Mapping[str, str]) -> str:
    """A field by its name; that of an extension attribute means nothing without what people call it."""
    return f"{labels[name]} ({name})" if name in labels else name


def _change(
    row: ChangedObject, change: Change | None, labels: Mapping[str, str]
) -> tuple[str, str, str]:
    if change is None:
        return "", "", row.reason
    old = "" if change.before is None else f"{change.before} → "
    new = "(empty)" if change.after is None else change.after
    return _field(change.field, labels), f"{old}{new}", change.rule or row.reason


def _outcome(row: ChangedObject) -> str:
    if row.outcome == "held":
        return f"held: too many of the kind {row.held_as}"
    if row.outcome_detail:
        return f"{row.outcome or 'waiting'}: {row.outcome_detail}"
    if row.problem and row.outcome is None:
        return f"would be {row.problem.replace('_', ' ')}: {row.problem_detail}"
    return row.outcome or ""


def _print_suppressed(changes: Page[SuppressedChange], labels: Mapping[str, str]) -> None:
    if not changes.items:
        return
    shown = "" if len(changes) == changes.total else f", the first {len(changes):,}"
    print_table(
        ["object", "name", "field", "M.O.S.S.", "JAMF", "rule", "why"],
        [
            [
                change.object_type,
                named(change.label or change.external_id, change.serial_number),
                change.field and _field(change.field, labels),
                change.before,
                change.after,
                change.rule,
                change.detail,
            ]
            for change in changes
        ],
        title=f"Not written: {changes.total:,} {'change' if changes.total == 1 else 'changes'} that a rule keeps from "
        f"M.O.S.S.{shown}",
    )


def _print_rules(rules: Sequence[RuleCount]) -> None:
    print_table(
        ["rule", "object", "effect", "changes", "for example"],
        [
            [
                rule.rule,
                rule.object_type,
                rule.effect,
                rule.changes,
                "; ".join(example for example in rule.examples if example),
            ]
            for rule in rules
        ],
        numbers=["changes"],
    )


def _print_fields(fields: Sequence[FieldCount], labels: Mapping[str, str]) -> None:
    print_table(
        ["object", "field", "owner", "changes", "held", "rules", "for example"],
        [
            [
                field.object_type,
                _field(field.field, labels),
                field.owner,
                field.changes,
                field.held or None,
                ", ".join(rule for rule in field.rules if rule),
                "; ".join(_example(example) for example in field.examples),
            ]
            for field in fields
        ],
        numbers=["changes", "held"],
    )


def _example(example: FieldExample) -> str:
    before = "" if example.before is None else f"{example.before} → "
    return f"{example.name}: {before}{example.after or '(empty)'}"
