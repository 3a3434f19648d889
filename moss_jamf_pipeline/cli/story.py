"""What `moss-jamf device`, `person` and `group` share: finding the object, and telling its story as text or JSON."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from moss_jamf_pipeline.catalogue.collections import device_record, jamf_id_in
from moss_jamf_pipeline.catalogue.evidence import PIECES
from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption
from moss_jamf_pipeline.cli.output import (
    cell,
    explained,
    print_error,
    print_json,
    print_table,
    stdout,
)
from moss_jamf_pipeline.engine.slots import slot_key, slot_start
from moss_jamf_pipeline.services.explanations import Explanation
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.stories import FieldStory, Link, MatchStory, Related, Story, tell
from moss_jamf_pipeline.services.story_events import Event, FieldChange
from moss_jamf_pipeline.services.story_finding import Candidate, ObjectUnclear, Subject
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="SLOT",
        help="What JAMF said in a slot, by its start in UTC, e.g. 2026-11-22-06:00; M.O.S.S. as it is now.",
    ),
]
EventsOption = Annotated[
    int, typer.Option("--limit", "-n", min=1, help="How many events to show, the newest first.")
]


def tell_story(
    subject: Subject,
    sought: str,
    *,
    as_of: str | None,
    limit: int,
    integration: IntegrationOption,
    as_json: JsonOption,
) -> None:
    """Finds an object and tells its story.

    Raises:
        typer.Exit: with code 1; it is not known, or several are.
    """
    slot = _slot(as_of)
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        try:
            story = tell(
                workplace,
                settings.integration,
                subject,
                sought,
                as_of=slot,
                events=PageRequest(limit),
            )
        except ObjectUnclear as unclear:
            _print_unclear(unclear, as_json=as_json)
            raise typer.Exit(1) from unclear
    if as_json:
        print_json({subject.value: story})
    else:
        _print_story(story, limit)


def _slot(key: str | None) -> datetime | None:
    """The start of a slot.

    Raises:
        typer.BadParameter: it names none.
    """
    if key is None:
        return None
    try:
        return slot_start(key)
    except ValueError as error:
        raise typer.BadParameter(
            f"{key!r} is no slot. A slot is named by its start in UTC, every six hours: 2026-11-22-06:00.",
            param_hint="--as-of",
        ) from error


def _print_unclear(unclear: ObjectUnclear, *, as_json: bool) -> None:
    print_error(Explanation(unclear.message, unclear.remedy))
    if as_json:
        print_json(
            {
                "error": {"message": unclear.message, "remedy": unclear.remedy},
                "candidates": unclear.candidates,
            }
        )
    else:
        print_table(
            ["name", "known by", "JAMF record", "M.O.S.S. id"],
            [_candidate_row(candidate) for candidate in unclear.candidates],
        )


def _candidate_row(candidate: Candidate) -> list[object]:
    record = (
        f"{candidate.external_type} {jamf_id_in(candidate.external_id)}"
        if candidate.external_id
        else None
    )
    if candidate.is_personally_owned:
        return ["personally owned", None, record, None]
    moss = str(candidate.object_id) if candidate.is_in_moss else "not in M.O.S.S."
    return [candidate.name, candidate.key, record, moss]


def _print_story(story: Story, limit: int) -> None:
    name = " · ".join(text for text in (story.name, story.key) if text)
    title = f"{story.object_type.value.capitalize()} {name}".strip()
    stdout.print(f"[bold]{escape(title)}[/]", soft_wrap=True)
    for sentence in story.standing:
        _say(sentence)
    if story.is_personally_owned:
        return
    _print_jamf(story)
    _print_fields(story)
    _print_match(story)
    _print_related(story.related)
    _print_conflicts(story)
    _print_events(story, limit)


def _print_jamf(story: Story) -> None:
    jamf = story.jamf
    facts: list[tuple[str, object]] = []
    if jamf is not None:
        when = f"in the slot {slot_key(story.as_of)}" if story.as_of else "now"
        captured = f", captured {cell(jamf.captured_at)}" if jamf.captured_at else ""
        complete = "" if jamf.is_complete or jamf.captured_at is None else ", not completely"
        facts.append(("JAMF", f"as it is stored {when}{captured}{complete}"))
        if not jamf.is_present:
            facts.append(("", "It does not list the record."))
        elif jamf.unchanged_since:
            facts.append(("unchanged since", jamf.unchanged_since))
        facts += list(jamf.facts)
        facts += [("last contact", jamf.last_contact_at), ("last inventory", jamf.reported_at)]
        facts.append(("in JAMF Pro", jamf.url))
    facts.append(("in M.O.S.S.", story.moss_path))
    facts.append(("M.O.S.S. id", story.object_id if story.is_in_moss else None))
    stdout.print()
    for name, value in facts:
        if value is not None:
            stdout.print(f"{name:<15}  {cell(value)}", soft_wrap=True)
    stdout.print()


def _print_fields(story: Story) -> None:
    told = [field for field in story.fields if field.jamf or field.jamf_now or field.moss]
    if not told:
        return
    common = {field.rule for field in told if field.rule.holds_for_the_object}
    sides = ["JAMF then", "M.O.S.S."] if story.as_of else ["JAMF", "M.O.S.S."]
    print_table(
        ["field", *sides, "owner", "why"],
        [[field.words, field.jamf, field.moss, field.owner, _why(field, story)] for field in told],
        title="Fields",
    )
    for rule in sorted(common):
        _say(rule.meaning)
        stdout.print()


def _why(field: FieldStory, story: Story) -> str | None:
    """Why a field is what it is, where both sides do not simply agree."""
    since = (
        f"JAMF says {field.jamf_now or 'nothing'} by now. "
        if story.as_of and field.jamf_now != field.jamf
        else ""
    )
    if field.rule.holds_for_the_object or not field.differs:
        return since.strip() or None
    conflict = f" Conflict {field.conflict_id} is open." if field.conflict_id else ""
    return f"{since}{field.why}{conflict}"


def _print_match(story: Story) -> None:
    match = story.match
    if match is None:
        return
    stdout.print("[bold]Who is who[/]")
    by = (
        f" Found by {PIECES.get(match.matched_by, match.matched_by.replace('_', ' '))}."
        if (match.matched_by and match.matched_by != "mapping")
        else ""
    )
    twin = f" That is {device_record(match.twin_of)}." if match.twin_of else ""
    evidence = f" {match.evidence[:1].upper()}{match.evidence[1:]}." if match.evidence else ""
    _say(f"{_record(match)}: {match.meaning}{twin}{by}{evidence}")
    for link in story.links:
        whose = "" if link.is_own else f" of {link.server}"
        since = f", since {cell(link.created_at)}" if link.created_at else ""
        _say(f"The link{whose} to {_record(link)} is {link.standing}{since}.")
    stdout.print()


def _record(one: MatchStory | Link) -> str:
    return f"{one.external_type.replace('_', ' ')} {jamf_id_in(one.external_id)}"


def _print_related(related: Sequence[Related]) -> None:
    if not related:
        return
    print_table(
        ["what", "name", "known by"],
        [
            [
                one.relation,
                "a personally-owned device" if one.is_personally_owned else one.name,
                one.key,
            ]
            for one in related
        ],
        title="What belongs to it in M.O.S.S.",
    )
    totals = {(one.relation, one.object_type): one.total for one in related}
    shown = {key: sum((one.relation, one.object_type) == key for one in related) for key in totals}
    for (relation, kind), total in totals.items():
        if total > shown[relation, kind]:
            stdout.print(f"{shown[relation, kind]:,} of {total:,} ({relation}).")
            stdout.print()


def _print_conflicts(story: Story) -> None:
    if story.conflicts:
        print_table(
            ["id", "kind", "field", "status", "decision", "what it means"],
            [
                [
                    conflict.conflict_id,
                    conflict.kind,
                    conflict.field,
                    conflict.status,
                    f"{conflict.resolution.words}, by {conflict.resolved_by}"
                    if conflict.resolution
                    else None,
                    conflict.detail,
                ]
                for conflict in story.conflicts
            ],
            title="Conflicts",
            numbers=["id"],
        )
    if story.quarantine:
        print_table(
            ["id", "what is left out", "reason", "in plain words"],
            [
                [
                    entry.quarantine_id,
                    "the record" if entry.is_whole_record else entry.field,
                    entry.reason,
                    entry.detail,
                ]
                for entry in story.quarantine
            ],
            title="Quarantine",
            numbers=["id"],
        )


def _print_events(story: Story, limit: int) -> None:
    if not story.timeline:
        return
    rows: list[list[object]] = []
    for event in story.timeline:
        rows.append([_when(event.at), _sentence(event), _plan(event), _who(event)])
        # What a new object was given stands above.
        shown = () if event.action == "create" else event.fields
        rows += [[None, f"· {_change(change)}", None, None] for change in shown]
    print_table(
        ["when (UTC)", "what happened", "plan", "who"], rows, title="What happened, newest first"
    )
    if story.timeline_total > len(story.timeline):
        stdout.print(
            f"{len(story.timeline):,} of {story.timeline_total:,} events; "
            f"--limit {min(story.timeline_total, 10 * limit)} shows more.",
            soft_wrap=True,
        )


def _sentence(event: Event) -> str:
    undone = f" Undone by plan {event.undone_by_plan}." if event.undone_by_plan else ""
    again = (
        f" {event.times} plans in a row said so, from plan {event.first_plan_id} on."
        if event.times > 1
        else ""
    )
    return f"{event.what}{f' {event.why}' if event.why else ''}{again}{undone}"


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _plan(event: Event) -> str | None:
    return None if event.plan_id is None else str(event.plan_id)


def _who(event: Event) -> str | None:
    approved = f"approved by {event.approved_by}" if event.approved_by else None
    return "; ".join(filter(None, (event.by, approved))) or None


def _change(change: FieldChange) -> str:
    before = "(empty)" if change.before is None else change.before
    after = "(empty)" if change.after is None else change.after
    rule = f" ({change.rule})" if change.rule else ""
    return f"{change.words}: {before} → {after}{rule}"


def _say(sentence: str) -> None:
    stdout.print(escape(sentence))
