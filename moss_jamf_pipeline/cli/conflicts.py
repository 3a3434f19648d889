"""`moss-jamf conflicts`: what M.O.S.S. and JAMF disagree on, and what a person decides about it."""

from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import psycopg
import typer
from rich.markup import escape

from moss_jamf_pipeline.catalogue.conflict_kinds import (
    ConflictKind,
    ConflictKindName,
    Resolution,
    conflict_kind_named,
)
from moss_jamf_pipeline.catalogue.object_types import ObjectTypeName
from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.options import JsonOption, LimitOption, command_group
from moss_jamf_pipeline.cli.output import cell, explained, print_json, print_table, stderr, stdout
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.moss.plan.conflicts import (
    ConflictFilter,
    Decided,
    list_conflicts,
    open_conflicts_by_kind,
    read_conflict,
    reopen_conflicts,
    require_possible,
    resolve_conflicts,
)
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.statements import Row
from moss_jamf_pipeline.settings import Settings

app = command_group()

# How many of the conflicts that are to be decided are shown before the question.
_EXAMPLES = 10

_VALUES = ("jamf_value", "moss_value", "base_value")


class Status(StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"
    ALL = "all"


KindOption = Annotated[
    ConflictKindName | None,
    typer.Option("--kind", help="Only this kind; docs/catalogue.md explains them."),
]
FieldOption = Annotated[
    str | None, typer.Option("--field", help="Only this field, e.g. asset_tag.")
]
ObjectTypeOption = Annotated[
    ObjectTypeName | None, typer.Option("--object-type", help="Only this type of object.")
]
LabelOption = Annotated[
    str | None,
    typer.Option(
        "--label", metavar="PATTERN", help="Only objects of this name, e.g. 'LAB-*'; * and ? stand."
    ),
]


@app.callback()
def conflicts() -> None:
    """The conflict queue: opened once for each disagreement, closed by itself when the values agree."""


@app.command("list")
def list_queue(
    kind: KindOption = None,
    field: FieldOption = None,
    object_type: ObjectTypeOption = None,
    label: LabelOption = None,
    status: Annotated[
        Status, typer.Option("--status", help="Open ones, decisions that count, or what is over.")
    ] = Status.OPEN,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List conflicts, newest first: the open ones, or with `--status resolved` what was decided."""
    chosen = ConflictFilter(
        status=None if status is Status.ALL else status,
        kind=kind,
        field=field,
        object_type=object_type,
        label=label,
    )
    with explained(as_json=as_json), prepared_moss(Settings()) as (connection, integration):
        rows = list_conflicts(connection, integration.id, chosen, limit=limit)
        by_kind = open_conflicts_by_kind(connection, integration.id)
        _name_values(connection, rows)
    total = rows[0]["total"] if rows else 0
    for row in rows:
        del row["total"]
    if as_json:
        print_json({"open": by_kind, "total": total, "conflicts": rows})
        return
    if not rows:
        what = "conflict" if status is Status.ALL else f"{status} conflict"
        narrowed = any((kind, field, object_type, label))
        stdout.print(f"No {what}{' like that' if narrowed else ''}.")
        return
    _print_queue(rows, with_decisions=status is not Status.OPEN)
    if total > len(rows):
        stdout.print(
            f"{len(rows):,} of {total:,}; --limit shows more; --kind, --field, --object-type, --label narrow it down.",
            soft_wrap=True,
        )
    stdout.print("`moss-jamf conflicts show ID` explains one, and what can be decided.")


@app.command()
def show(
    conflict_id: Annotated[int, typer.Argument(metavar="ID", min=1)],
    as_json: JsonOption = False,
) -> None:
    """Explain a conflict: the three values, since when, and what each decision would do."""
    with explained(as_json=as_json), prepared_moss(Settings()) as (connection, integration):
        conflict = read_conflict(connection, integration.id, conflict_id)
        _name_values(connection, [conflict])
    kind = conflict_kind_named(conflict["kind"])
    possible = kind.resolutions if conflict["status"] == "open" else {}
    if as_json:
        by_name = {resolution.value: meaning for resolution, meaning in possible.items()}
        explanation = {"title": kind.title, "meaning": kind.meaning, "advice": kind.advice}
        print_json({"conflict": conflict, "explanation": explanation, "resolutions": by_name})
        return
    _print_conflict(conflict, kind)
    if possible:
        print_table(
            ["decision", "what it does"],
            [[f"--{_option(resolution)}", meaning] for resolution, meaning in possible.items()],
            title=f"`moss-jamf conflicts resolve {conflict_id}` with one of",
        )


@app.command()
def resolve(
    conflict_ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Their numbers.")
    ] = None,
    keep_moss: Annotated[
        bool, typer.Option("--keep-moss", help="M.O.S.S.'s value is right, for these values.")
    ] = False,
    take_jamf: Annotated[
        bool, typer.Option("--take-jamf", help="JAMF is right: the next sync writes it, once.")
    ] = False,
    pin: Annotated[
        bool, typer.Option("--pin", help="M.O.S.S.'s value is right, whatever JAMF says.")
    ] = False,
    reopen: Annotated[
        bool, typer.Option("--reopen", help="Take a decision back; the rules go on as before.")
    ] = False,
    kind: KindOption = None,
    field: FieldOption = None,
    object_type: ObjectTypeOption = None,
    label: LabelOption = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why, for those who come later.")
    ] = None,
    decided_by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="ADDRESS",
            help="Who decides, for the record. By default the operating system's user.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Decide on conflicts: by number, or all that are like this. What has to be written, the next sync writes.

    Several are shown and asked about first. `moss-jamf conflicts show ID` tells what each decision does.
    """
    request = _request(keep_moss, take_jamf, pin, reopen)
    chosen = _chosen(
        conflict_ids or [],
        ConflictFilter(
            status="resolved" if reopen else "open",
            kind=kind,
            field=field,
            object_type=object_type,
            label=label,
        ),
    )
    who = operator(decided_by)
    with explained(as_json=as_json), prepared_moss(Settings()) as (connection, integration):
        found = list_conflicts(connection, integration.id, chosen)
        if not request.is_reopening:
            require_possible({row["kind"] for row in found}, request.resolution)
        numbers = list(chosen.conflict_ids or [row["conflict_id"] for row in found])
        if not numbers:
            _say_nothing_is_like_that(chosen, as_json=as_json)
            return
        if not yes and (len(numbers) > 1 or chosen.conflict_ids is None):
            _name_values(connection, found[:_EXAMPLES])
            _ask(request, found, len(numbers), as_json=as_json)
        decided = (
            reopen_conflicts(connection, integration, numbers, reopened_by=who)
            if request.is_reopening
            else resolve_conflicts(
                *(connection, integration, numbers, request.resolution),
                resolved_by=who,
                reason=reason,
            )
        )
    if as_json:
        print_json(_document(request, decided, who))
    else:
        _print_decided(request, decided)


class _Request(NamedTuple):
    """What a person wants done with conflicts."""

    resolution: Resolution
    is_reopening: bool

    @property
    def words(self) -> str:
        return "take the decision back" if self.is_reopening else self.resolution.words


def _request(keep_moss: bool, take_jamf: bool, pin: bool, reopen: bool) -> _Request:
    """The one thing that was asked for.

    Raises:
        typer.BadParameter: it was none, or several.
    """
    given = [
        resolution
        for resolution, is_given in (
            (Resolution.KEEP_MOSS, keep_moss),
            (Resolution.TAKE_JAMF, take_jamf),
            (Resolution.PIN, pin),
        )
        if is_given
    ]
    if len(given) + reopen != 1:
        raise typer.BadParameter(
            "Say what is decided: one of --keep-moss, --take-jamf, --pin, or --reopen."
        )
    return _Request(given[0] if given else Resolution.KEEP_MOSS, reopen)


def _chosen(conflict_ids: list[int], like: ConflictFilter) -> ConflictFilter:
    """Which conflicts are meant.

    Raises:
        typer.BadParameter: numbers and a filter were given, or neither.
    """
    is_narrowed = any((like.kind, like.field, like.object_type, like.label))
    if bool(conflict_ids) == is_narrowed:
        raise typer.BadParameter(
            "Name conflicts by their numbers, or by --kind, --field, --object-type and --label."
        )
    return ConflictFilter(conflict_ids=tuple(conflict_ids), status=None) if conflict_ids else like


def _ask(request: _Request, found: list[Row], number: int, *, as_json: bool) -> None:
    """Shows what is to be decided, and asks.

    Raises:
        typer.BadParameter: there is nobody to ask.
        typer.Abort: the answer is no.
    """
    if as_json:
        raise typer.BadParameter("A machine is not asked; add --yes.", param_hint="--json")
    _print_queue(found[:_EXAMPLES], with_decisions=request.is_reopening)
    if number > _EXAMPLES:
        kinds = Counter(row["kind"] for row in found)
        stdout.print(
            f"The first {_EXAMPLES} of {number:,}: "
            + ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common()),
            soft_wrap=True,
        )
    typer.confirm(f"{number:,} conflicts: {request.words}?", abort=True, err=True)


def _say_nothing_is_like_that(chosen: ConflictFilter, *, as_json: bool) -> None:
    if as_json:
        print_json({"decided": 0, "waiting": [], "closed": []})
    else:
        stderr.print(f"No {chosen.status} conflict is like that: there is nothing to decide.")


def _document(request: _Request, decided: Decided, who: str) -> dict[str, Any]:
    return {
        "resolution": None if request.is_reopening else request.resolution,
        "reopened": request.is_reopening,
        "by": who,
        "decided": len(decided.waiting) + len(decided.closed),
        "waiting": decided.waiting,
        "closed": decided.closed,
    }


def _print_decided(request: _Request, decided: Decided) -> None:
    waiting, closed = len(decided.waiting), len(decided.closed)
    if request.is_reopening:
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
            f"{_conflicts(waiting)} decided: {request.words}. What has to be written, the next sync writes."
        )
    if closed:
        sentences.append(f"{_conflicts(closed)} confirmed and closed.")
    numbers = (*decided.waiting, *decided.closed)
    undo = f" `moss-jamf conflicts resolve {numbers[0]} --reopen` takes it back."
    stdout.print(" ".join(sentences) + (undo if len(numbers) == 1 else ""), soft_wrap=True)


def _conflicts(number: int) -> str:
    return "1 conflict is" if number == 1 else f"{number:,} conflicts are"


def _print_queue(rows: list[Row], *, with_decisions: bool) -> None:
    last = "decision" if with_decisions else "what it means"
    print_table(
        ["id", "kind", "object", "name", "field", "M.O.S.S.", "JAMF", "since", last],
        [
            [
                row["conflict_id"],
                row["kind"],
                row["object_type"],
                row["label"] or row["external_id"],
                row["field"],
                row["moss_value"],
                row["jamf_value"],
                row["opened_at"],
                _decision(row) if with_decisions else row["detail"],
            ]
            for row in rows
        ],
        numbers=["id"],
    )


def _decision(row: Row) -> str:
    """What was decided on a conflict, or how it ended without."""
    if row["resolution"] is None:
        return "" if row["status"] == "open" else "closed by itself"
    reason = f": {row['resolution_reason']}" if row["resolution_reason"] else ""
    done = (
        f", carried out by plan {row['carried_out_by_plan']}" if row["carried_out_by_plan"] else ""
    )
    return f"{Resolution(row['resolution']).words}, by {row['resolved_by']}{reason}{done}"


def _print_conflict(conflict: Row, kind: ConflictKind) -> None:
    name = conflict["label"] or conflict["external_id"] or conflict["object_id"]
    about = f" · {conflict['field']}" if conflict["field"] else ""
    stdout.print(
        f"[bold]Conflict {conflict['conflict_id']}[/] · {conflict['kind']} · {conflict['object_type']} "
        f"{escape(str(name))}{about}: {conflict['status']}",
        soft_wrap=True,
    )
    stdout.print(f"{escape(kind.title)}. {escape(kind.advice)}", soft_wrap=True)
    stdout.print(escape(conflict["detail"]), soft_wrap=True)
    print_table(
        ["", "value"],
        [
            ["JAMF", _shown(conflict["jamf_value"])],
            ["M.O.S.S.", _shown(conflict["moss_value"])],
            ["base: what the sync last wrote or saw agreed", _shown(conflict["base_value"])],
        ],
    )
    seen = conflict["last_seen_in_plan"]
    facts = [
        f"Since {cell(conflict['opened_at'])}, first seen in plan {conflict['opened_by_plan']}"
        + (f", last in plan {seen}." if seen and seen != conflict["opened_by_plan"] else "."),
        f"JAMF record: {conflict['external_type']} {conflict['external_id']}"
        + (", linked." if conflict["is_linked"] else ", not linked."),
    ]
    if conflict["object_id"]:
        facts.append(f"M.O.S.S. object: {conflict['object_id']}.")
    if conflict["resolution"]:
        facts.append(f"Decided {cell(conflict['resolved_at'])}: {_decision(conflict)}.")
    if conflict["reopened_by"]:
        facts.append(
            f"A decision was taken back {cell(conflict['reopened_at'])} by {conflict['reopened_by']}."
        )
    if conflict["closed_at"]:
        facts.append(f"Closed {cell(conflict['closed_at'])}.")
    for fact in facts:
        stdout.print(escape(fact), soft_wrap=True)


def _shown(value: str | None) -> str:
    return "(empty)" if value is None else value


def _option(resolution: Resolution) -> str:
    return resolution.value.replace("_", "-")


def _name_values(connection: psycopg.Connection, rows: list[Row]) -> None:
    """Puts names in place of the ids of people and places."""
    names = Names.of(
        connection, [(row["field"], row[side]) for row in rows for side in _VALUES], plan_id=0
    )
    for row in rows:
        for side in _VALUES:
            row[side] = names.shown(row["field"], row[side])
