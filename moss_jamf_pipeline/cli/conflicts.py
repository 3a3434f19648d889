"""`moss-jamf conflicts`: what M.O.S.S. and JAMF disagree on, and what a person decides about it."""

from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from moss_jamf_pipeline.catalogue.conflict_kinds import ConflictKindName, Resolution
from moss_jamf_pipeline.catalogue.object_types import ObjectTypeName
from moss_jamf_pipeline.cli.conflict_tables import (
    decided_document,
    print_conflict,
    print_decided,
    print_groups,
    print_meant,
    print_page,
    print_queue,
)
from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    LimitOption,
    command_group,
)
from moss_jamf_pipeline.cli.output import explained, print_json, stderr, stdout
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.moss.plan.conflicts import ConflictFilter
from moss_jamf_pipeline.services import conflicts as service
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = command_group()


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
    grouped: Annotated[
        bool,
        typer.Option("--grouped", help="Put together those of one kind, field and pair of values."),
    ] = False,
    limit: LimitOption = 50,
    integration: IntegrationOption = None,
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
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        choice, page = settings.integration, PageRequest(limit)
        found: service.Queue | service.GroupedQueue = (
            service.list_groups(workplace, choice, chosen, page)
            if grouped
            else service.list_queue(workplace, choice, chosen, page)
        )
    match found:
        case service.GroupedQueue(by_kind, groups) if as_json:
            print_json({"open": by_kind, "total": groups.total, "groups": groups.items})
        case service.Queue(by_kind, queue) if as_json:
            print_json({"open": by_kind, "total": queue.total, "conflicts": queue.items})
        case service.GroupedQueue(_, groups) if groups.items:
            print_groups(groups)
        case service.Queue(_, queue) if queue.items:
            print_page(queue, with_decisions=status is not Status.OPEN)
        case _:
            what = "conflict" if status is Status.ALL else f"{status} conflict"
            narrowed = any((kind, field, object_type, label))
            stdout.print(f"No {what}{' like that' if narrowed else ''}.")


@app.command()
def show(
    conflict_id: Annotated[int, typer.Argument(metavar="ID", min=1)],
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a conflict: the three values, since when, and what each decision would do."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        shown = service.show(workplace, settings.integration, conflict_id)
    if as_json:
        by_name = {resolution.value: meaning for resolution, meaning in shown.resolutions.items()}
        print_json(
            {
                "conflict": shown.conflict,
                "explanation": shown.explanation,
                "resolutions": by_name,
            }
        )
    else:
        print_conflict(shown)


@app.command()
@naming_places
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
    like: Annotated[
        int | None,
        typer.Option(
            "--like",
            metavar="ID",
            min=1,
            help="All that are about the same kind, field and pair of values as this one.",
        ),
    ] = None,
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
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide on conflicts: by number, or all that are like this. What has to be written, the next sync writes.

    Several are shown and asked about first. `moss-jamf conflicts show ID` tells what each decision does.
    """
    resolution = _resolution(keep_moss, take_jamf, pin, reopen)
    chosen = _chosen(
        conflict_ids or [],
        ConflictFilter(
            status="open" if resolution is not None else "resolved",
            kind=kind,
            field=field,
            object_type=object_type,
            label=label,
            like=like,
        ),
    )
    who = operator(decided_by)
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        choice = settings.integration
        meant = service.to_decide(workplace, choice, chosen, resolution)
        numbers = meant.conflict_ids
        if not numbers:
            _say_nothing_is_like_that(chosen, as_json=as_json)
            return
        if not yes and (len(numbers) > 1 or chosen.conflict_ids is None):
            _ask(resolution, meant, as_json=as_json)
        decided = (
            service.reopen(workplace, choice, numbers, reopened_by=who)
            if resolution is None
            else service.resolve(
                workplace, choice, numbers, resolution, resolved_by=who, reason=reason
            )
        )
    if as_json:
        print_json(decided_document(resolution, decided, who))
    else:
        if len(numbers) == 1:
            print_meant(meant.examples[0])
        print_decided(resolution, decided)


class _Answer(NamedTuple):
    """A decision and whether it was asked for."""

    resolution: Resolution
    is_given: bool


def _resolution(keep_moss: bool, take_jamf: bool, pin: bool, reopen: bool) -> Resolution | None:
    """The one decision that was asked for; None: decisions are taken back.

    Raises:
        typer.BadParameter: it was none, or several.
    """
    answers = (
        _Answer(Resolution.KEEP_MOSS, keep_moss),
        _Answer(Resolution.TAKE_JAMF, take_jamf),
        _Answer(Resolution.PIN, pin),
    )
    given = [answer.resolution for answer in answers if answer.is_given]
    if len(given) + reopen != 1:
        raise typer.BadParameter(
            "Say what is decided: one of --keep-moss, --take-jamf, --pin, or --reopen."
        )
    return given[0] if given else None


def _chosen(conflict_ids: list[int], alike: ConflictFilter) -> ConflictFilter:
    """Which conflicts are meant.

    Raises:
        typer.BadParameter: numbers and a filter were given, or neither.
    """
    is_narrowed = any((alike.kind, alike.field, alike.object_type, alike.label, alike.like))
    if bool(conflict_ids) == is_narrowed:
        raise typer.BadParameter(
            "Name conflicts by their numbers, or by --kind, --field, --object-type, --label and --like."
        )
    return ConflictFilter(conflict_ids=tuple(conflict_ids), status=None) if conflict_ids else alike


def _ask(resolution: Resolution | None, meant: service.ToDecide, *, as_json: bool) -> None:
    """Shows what is to be decided, and asks.

    Raises:
        typer.BadParameter: there is nobody to ask.
        typer.Abort: the answer is no.
    """
    if as_json:
        raise typer.BadParameter("A machine is not asked; add --yes.", param_hint="--json")
    print_queue(meant.examples, with_decisions=resolution is None)
    number = len(meant.conflict_ids)
    if number > len(meant.examples):
        stdout.print(
            f"The first {len(meant.examples)} of {number:,}: "
            + ", ".join(f"{count:,} {kind}" for kind, count in meant.kinds.items()),
            soft_wrap=True,
        )
    words = "take the decision back" if resolution is None else resolution.words
    typer.confirm(f"{number:,} conflicts: {words}?", abort=True, err=True)


def _say_nothing_is_like_that(chosen: ConflictFilter, *, as_json: bool) -> None:
    if as_json:
        print_json({"decided": 0, "waiting": [], "closed": []})
    else:
        stderr.print(f"No {chosen.status} conflict is like that: there is nothing to decide.")
