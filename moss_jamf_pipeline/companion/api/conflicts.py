"""Conflicts: what M.O.S.S. and JAMF disagree on, and what a person decides. The next sync writes what has to be."""

from typing import Annotated, Literal

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.companion.api.routing import Listed, listed, page_asked, router
from moss_jamf_pipeline.companion.identity.callers import Administrator
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.moss.plan.conflicts import ConflictFilter, Decided
from moss_jamf_pipeline.services import conflicts
from moss_jamf_pipeline.services.conflicts import Conflict, ConflictGroup, ConflictShown
from moss_jamf_pipeline.services.pages import PageRequest

ROUTER = router("conflicts")

_MOST_AT_ONCE = 10_000

ConflictNumber = Annotated[int, Path(ge=1, le=2**63 - 1)]
Reason = Annotated[str | None, Field(max_length=2000, description="Why, in the person's words.")]


class Decision(BaseModel):
    """What is decided on one conflict."""

    model_config = ConfigDict(extra="forbid")

    resolution: Resolution
    reason: Reason = None


class DecisionOnMany(Decision):
    """What is decided on many: those that are named, or all that are like one."""

    conflict_ids: tuple[Annotated[int, Field(ge=1, le=2**63 - 1)], ...] | None = Field(
        default=None, min_length=1, max_length=_MOST_AT_ONCE
    )
    like: int | None = Field(
        default=None,
        ge=1,
        le=2**63 - 1,
        description="All open ones about the same kind, field and pair of values as this one.",
    )


class Reopening(BaseModel):
    """Decisions that are taken back."""

    model_config = ConfigDict(extra="forbid")

    conflict_ids: tuple[Annotated[int, Field(ge=1, le=2**63 - 1)], ...] = Field(
        min_length=1, max_length=_MOST_AT_ONCE
    )


def _chosen(
    status: Annotated[
        Literal["open", "resolved", "closed", "any"], Query(description="Of which status.")
    ] = "open",
    kind: Annotated[str | None, Query(max_length=60)] = None,
    field: Annotated[str | None, Query(max_length=60)] = None,
    object_type: Annotated[str | None, Query(max_length=40)] = None,
    label: Annotated[
        str | None, Query(max_length=200, description="Name of the object; * and ? stand for any.")
    ] = None,
) -> ConflictFilter:
    return ConflictFilter(
        status=None if status == "any" else status,
        kind=kind,
        field=field,
        object_type=object_type,
        label=label,
    )


@ROUTER.get("/conflicts")
def list_conflicts(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    chosen: Annotated[ConflictFilter, Depends(_chosen)],
    page: Annotated[PageRequest, Depends(page_asked)],
) -> Listed[Conflict]:
    """Lists conflicts, newest first."""
    return listed(conflicts.list_queue(workplace, choice, chosen, page).conflicts)


@ROUTER.get("/conflicts/grouped")
def list_grouped(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    chosen: Annotated[ConflictFilter, Depends(_chosen)],
    page: Annotated[PageRequest, Depends(page_asked)],
) -> Listed[ConflictGroup]:
    """Lists conflicts, those put together that are about the same, the largest group first."""
    return listed(conflicts.list_groups(workplace, choice, chosen, page).groups)


@ROUTER.get("/conflicts/{conflict_id}")
def conflict(
    workplace: WorkplaceNeeded, choice: ChoiceNeeded, conflict_id: ConflictNumber
) -> ConflictShown:
    """Shows a conflict: base, JAMF and M.O.S.S., what it means, and what each decision would do."""
    return conflicts.show(workplace, choice, conflict_id)


@ROUTER.post("/conflicts/resolve")
def resolve_many(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    administrator: Administrator,
    decision: DecisionOnMany,
) -> Decided:
    """Records a decision on many conflicts, on all of them or none."""
    chosen = ConflictFilter(conflict_ids=decision.conflict_ids, like=decision.like)
    return conflicts.resolve_meant(
        workplace,
        choice,
        chosen,
        decision.resolution,
        decided_by=administrator.caller,
        reason=decision.reason,
        whereabouts=administrator.whereabouts,
    )


@ROUTER.post("/conflicts/reopen")
def reopen(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    administrator: Administrator,
    reopening: Reopening,
) -> Decided:
    """Takes decisions back, all of them or none; the next sync goes by the rules."""
    return conflicts.reopen_meant(
        workplace,
        choice,
        reopening.conflict_ids,
        reopened_by=administrator.caller,
        whereabouts=administrator.whereabouts,
    )


@ROUTER.post("/conflicts/{conflict_id}/resolve")
def resolve(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    administrator: Administrator,
    conflict_id: ConflictNumber,
    decision: Decision,
) -> Decided:
    """Records a decision on a conflict; the next sync writes what has to be."""
    return conflicts.resolve_meant(
        workplace,
        choice,
        ConflictFilter(conflict_ids=(conflict_id,)),
        decision.resolution,
        decided_by=administrator.caller,
        reason=decision.reason,
        whereabouts=administrator.whereabouts,
    )
