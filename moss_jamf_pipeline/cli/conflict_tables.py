"""How conflicts and decisions are shown: as tables and sentences, and as JSON."""

from collections.abc import Sequence

from rich.markup import escape

from moss_jamf_pipeline.catalogue.collections import jamf_id_in
from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.cli.output import cell, named, print_table, stdout
from moss_jamf_pipeline.moss.plan.conflicts import Decided
from moss_jamf_pipeline.services.conflicts import (
    Conflict,
    ConflictFacts,
    ConflictGroup,
    ConflictShown,
)
from moss_jamf_pipeline.services.pages import Page


def print_page(conflicts: Page[Conflict], *, with_decisions: bool) -> None:
    """Prints a page of the queue, and where to look further.

    Args:
        conflicts: the page.
        with_decisions: whether what was decided is shown, instead of what each means.
    """
    print_queue(conflicts.items, with_decisions=with_decisions)
    if conflicts.total > len(conflicts):
        stdout.print(
            f"{len(conflicts):,} of {conflicts.total:,}; --limit shows more; --kind, --field, --object-type, --label "
            "narrow it down.",
            soft_wrap=True,
        )
    stdout.print("`moss-jamf conflicts show ID` explains one, and what can be decided.")


def print_queue(conflicts: Sequence[Conflict], *, with_decisions: bool) -> None:
    """Prints conflicts, one a line."""
    last = "decision" if with_decisions else "what it means"
    print_table(
        ["id", "kind", "object", "name", "field", "M.O.S.S.", "JAMF", "since", last],
        [
            [
                conflict.conflict_id,
                conflict.kind,
                conflict.object_type,
                named(conflict.label or conflict.external_id, conflict.serial_number),
                conflict.field,
                conflict.moss_value,
                conflict.jamf_value,
                conflict.opened_at,
                _decision(conflict) if with_decisions else conflict.detail,
            ]
            for conflict in conflicts
        ],
        numbers=["id"],
    )


def print_groups(groups: Page[ConflictGroup]) -> None:
    """Prints groups of conflicts, one a line."""
    print_table(
        ["conflicts", "kind", "object", "field", "M.O.S.S.", "JAMF", "for example", "one of them"],
        [
            [
                group.conflicts,
                group.kind,
                group.object_type,
                group.field,
                group.moss_value,
                group.jamf_value,
                ", ".join(name for name in group.examples if name),
                group.conflict_id,
            ]
            for group in groups
        ],
        numbers=["conflicts", "one of them"],
    )
    if groups.total > len(groups):
        stdout.print(
            f"{len(groups):,} of {groups.total:,} groups; --limit shows more.", soft_wrap=True
        )
    stdout.print(
        "`moss-jamf conflicts show ID` explains one; `moss-jamf conflicts resolve --like ID` decides on its group.",
        soft_wrap=True,
    )


def print_conflict(shown: ConflictShown) -> None:
    """Prints all there is to know of a conflict."""
    conflict = shown.conflict
    name = _name(conflict)
    about = f" · {conflict.field}" if conflict.field else ""
    stdout.print(
        f"[bold]Conflict {conflict.conflict_id}[/] · {conflict.kind} · {conflict.object_type} "
        f"{escape(str(name))}{about}: {conflict.status}",
        soft_wrap=True,
    )
    explanation = shown.explanation
    stdout.print(f"{escape(explanation.title)}. {escape(explanation.advice)}", soft_wrap=True)
    stdout.print(escape(conflict.detail), soft_wrap=True)
    print_table(
        ["", "value"],
        [
            ["JAMF", _shown(conflict.jamf_value)],
            ["M.O.S.S.", _shown(conflict.moss_value)],
            ["base: what the sync last wrote or saw agreed", _shown(conflict.base_value)],
        ],
    )
    for fact in _facts(conflict):
        stdout.print(escape(fact), soft_wrap=True)
    if shown.resolutions:
        print_table(
            ["decision", "what it does"],
            [
                [f"--{resolution.value.replace('_', '-')}", meaning]
                for resolution, meaning in shown.resolutions.items()
            ],
            title=f"`moss-jamf conflicts resolve {conflict.conflict_id}` with one of",
        )


def decided_document(
    resolution: Resolution | None, decided: Decided, who: str
) -> dict[str, object]:
    """What became of conflicts as JSON; a resolution of None: decisions were taken back."""
    return {
        "resolution": resolution,
        "reopened": resolution is None,
        "by": who,
        "decided": len(decided.waiting) + len(decided.closed),
        "waiting": decided.waiting,
        "closed": decided.closed,
    }


def print_meant(conflict: Conflict) -> None:
    """Prints what a decision was about: its values may be others than those that somebody saw in a list before."""
    name = _name(conflict)
    about = f", {conflict.field}" if conflict.field else ""
    stdout.print(
        f"{conflict.object_type} {escape(str(name))}{about}: JAMF has {cell(_shown(conflict.jamf_value))}, "
        f"M.O.S.S. has {cell(_shown(conflict.moss_value))}.",
        soft_wrap=True,
    )


def print_decided(resolution: Resolution | None, decided: Decided) -> None:
    """Prints what became of conflicts; a resolution of None: decisions were taken back."""
    waiting, closed = len(decided.waiting), len(decided.closed)
    if resolution is None:
        stdout.print(
            " ".join(
                (
                    *([f"{_conflicts(waiting)} open again."] if waiting else []),
                    *([f"{_conflicts(closed)} as the rules have it again."] if closed else []),
                )
            ),
            soft_wrap=True,
        )
        return
    sentences = []
    if waiting:
        sentences.append(
            f"{_conflicts(waiting)} decided: {resolution.words}. What has to be written, the next sync writes."
        )
    if closed:
        sentences.append(f"{_conflicts(closed)} confirmed and closed.")
    numbers = (*decided.waiting, *decided.closed)
    undo = f" `moss-jamf conflicts resolve {numbers[0]} --reopen` takes it back."
    stdout.print(" ".join(sentences) + (undo if len(numbers) == 1 else ""), soft_wrap=True)


def _name(conflict: Conflict) -> str:
    return named(
        conflict.label or conflict.external_id or conflict.object_id, conflict.serial_number
    )


def _facts(conflict: ConflictFacts) -> list[str]:
    seen = conflict.last_seen_in_plan
    facts = [
        f"Since {cell(conflict.opened_at)}, first seen in plan {conflict.opened_by_plan}"
        + (f", last in plan {seen}." if seen and seen != conflict.opened_by_plan else "."),
        f"JAMF record: {conflict.external_type} {jamf_id_in(conflict.external_id or '')}"
        + (", linked." if conflict.is_linked else ", not linked."),
    ]
    if conflict.object_id:
        facts.append(f"M.O.S.S. object: {conflict.object_id}.")
    if conflict.resolution:
        facts.append(f"Decided {cell(conflict.resolved_at)}: {_decision(conflict)}.")
    if conflict.reopened_by:
        facts.append(
            f"A decision was taken back {cell(conflict.reopened_at)} by {conflict.reopened_by}."
        )
    if conflict.closed_at:
        facts.append(f"Closed {cell(conflict.closed_at)}.")
    return facts


def _decision(conflict: Conflict) -> str:
    """What was decided on a conflict, or how it ended without."""
    if conflict.resolution is None:
        return "" if conflict.status == "open" else "closed by itself"
    reason = f": {conflict.resolution_reason}" if conflict.resolution_reason else ""
    plan = conflict.carried_out_by_plan
    done = f", carried out by plan {plan}" if plan else ""
    return f"{conflict.resolution.words}, by {conflict.resolved_by}{reason}{done}"


def _shown(value: str | None) -> str:
    return "(empty)" if value is None else value


def _conflicts(number: int) -> str:
    return "1 conflict is" if number == 1 else f"{number:,} conflicts are"
