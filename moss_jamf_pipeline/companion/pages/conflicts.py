"""Conflicts: what M.O.S.S. and JAMF disagree on, side by side, and what a person decides on one or all alike."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Depends, Form, Path, Query, Request, Response

from moss_jamf_pipeline.catalogue.conflict_kinds import (
    CONFLICT_KINDS,
    Resolution,
    conflict_kind_named,
)
from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPES
from moss_jamf_pipeline.companion.identity.callers import Administrator
from moss_jamf_pipeline.companion.pages.presentation import Frame, page
from moss_jamf_pipeline.companion.pages.routing import (
    PageNumber,
    Reason,
    page_number,
    router,
    turned_to,
)
from moss_jamf_pipeline.companion.problems import Refused
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.moss.plan.conflicts import ConflictFilter, Decided
from moss_jamf_pipeline.services import conflicts

ROUTER = router()

_PER_PAGE = 25
_ALIKE_SHOWN = 6

ConflictNumber = Annotated[int, Path(ge=1, le=2**63 - 1)]
Numbered = Annotated[int, Form(ge=1, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which conflicts are to be shown, and how.

    Attributes:
        view: put together that are about the same, or one by one.
        chosen: which.
        label: what was typed to find them by.
        number: which page.
    """

    view: Literal["groups", "single"]
    chosen: ConflictFilter
    label: str
    number: int

    @property
    def query(self) -> dict[str, object]:
        """As parameters of the page, without the page's number."""
        chosen = self.chosen
        return {
            "view": self.view,
            "status": chosen.status or "any",
            "kind": chosen.kind,
            "field": chosen.field,
            "type": chosen.object_type,
            "label": self.label,
            "like": chosen.like,
        }


def _asked(
    view: Literal["groups", "single"] = "groups",
    status: Literal["open", "resolved", "closed", "any"] = "open",
    kind: Annotated[str | None, Query(max_length=60)] = None,
    field: Annotated[str | None, Query(max_length=60)] = None,
    object_type: Annotated[str | None, Query(alias="type", max_length=40)] = None,
    label: Annotated[str, Query(max_length=200)] = "",
    like: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    number: PageNumber = 1,
) -> Asked:
    sought = label.strip()
    pattern = sought if set("*?") & set(sought) else f"*{sought}*"
    chosen = ConflictFilter(
        status=None if status == "any" else status,
        kind=kind or None,
        field=field or None,
        object_type=object_type or None,
        label=pattern if sought else None,
        like=like,
    )
    return Asked("single" if like else view, chosen, sought, number)


@ROUTER.get("/conflicts", name="page_conflicts")
def queue(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    asked: Annotated[Asked, Depends(_asked)],
    decided: Annotated[int | None, Query(ge=0, le=10**9)] = None,
    done: Literal["keep_moss", "take_jamf", "pin", "reopen"] | None = None,
) -> Response:
    """Lists the queue: conflicts put together that are about the same, or one by one."""
    wanted = page_number(asked.number, _PER_PAGE)
    shown: conflicts.GroupedQueue | conflicts.Queue
    if asked.view == "groups":
        shown = conflicts.list_groups(workplace, choice, asked.chosen, wanted)
    else:
        shown = conflicts.list_queue(workplace, choice, asked.chosen, wanted)
    return page(
        request,
        "conflicts.html",
        asked=asked,
        queue=shown,
        kinds=CONFLICT_KINDS,
        kind_named=conflict_kind_named,
        types=OBJECT_TYPES,
        decided=decided,
        done=done,
    )


@ROUTER.get("/conflicts/{conflict_id}", name="page_conflict")
def conflict(
    request: Request, workplace: WorkplaceNeeded, choice: ChoiceNeeded, conflict_id: ConflictNumber
) -> Response:
    """Shows a conflict side by side: base, JAMF and M.O.S.S., why, and what each decision does."""
    shown = conflicts.show(workplace, choice, conflict_id)
    alike = conflicts.to_decide(
        workplace, choice, ConflictFilter(like=conflict_id), None, examples=_ALIKE_SHOWN
    )
    return page(request, "conflict.html", shown=shown, alike=alike)


@ROUTER.post("/conflicts/decide", name="page_decide")
def decide(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    administrator: Administrator,
    resolution: Annotated[Resolution, Form()],
    conflict_ids: Annotated[list[Numbered] | None, Form()] = None,
    like: Annotated[int | None, Form(ge=1, le=2**63 - 1)] = None,
    reason: Reason = "",
) -> Response:
    """Records a decision, on the conflicts that are named or all that are like one."""
    chosen = ConflictFilter(
        conflict_ids=tuple(conflict_ids) if conflict_ids and not like else None, like=like
    )
    if chosen.conflict_ids is None and chosen.like is None:
        raise _nothing_chosen()
    made = conflicts.resolve_meant(
        workplace,
        choice,
        chosen,
        resolution,
        decided_by=administrator.caller,
        reason=reason.strip() or None,
        whereabouts=administrator.whereabouts,
    )
    return _to_queue(request, made, resolution.value)


@ROUTER.post("/conflicts/reopen", name="page_reopen")
def reopen(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    administrator: Administrator,
    conflict_ids: Annotated[list[Numbered] | None, Form()] = None,
) -> Response:
    """Takes decisions back."""
    if not conflict_ids:
        raise _nothing_chosen()
    made = conflicts.reopen_meant(
        workplace,
        choice,
        conflict_ids,
        reopened_by=administrator.caller,
        whereabouts=administrator.whereabouts,
    )
    return _to_queue(request, made, "reopen", len(conflict_ids))


def _to_queue(request: Request, made: Decided, done: str, decided: int | None = None) -> Response:
    count = len(made.waiting) + len(made.closed) if decided is None else decided
    return turned_to(Frame(request).link("page_conflicts", {"decided": str(count), "done": done}))


def _nothing_chosen() -> Refused:
    return Refused(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "nothing-chosen",
        "No conflict was chosen, so nothing was decided.",
        "Go back, and tick those that are meant.",
    )
