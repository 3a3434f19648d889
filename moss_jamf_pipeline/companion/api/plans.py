"""Plans: which there are, what each changes; and letting through, applying or undoing one, as a Dagster run."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from moss_jamf_pipeline.companion.api.routing import (
    CursorAsked,
    LimitAsked,
    Listed,
    cursor_at,
    listed,
    page_asked,
    position_of,
    router,
)
from moss_jamf_pipeline.companion.api.syncs import OrderingNeeded
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.plan_pages import ChangeFilter
from moss_jamf_pipeline.services import approvals, plans, requested_runs, reverts
from moss_jamf_pipeline.services.approvals import HeldPlan
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.plans import (
    ChangedObject,
    FieldView,
    PlanHead,
    PlanSummary,
    RuleView,
    SuppressedChange,
)
from moss_jamf_pipeline.services.requested_runs import StartedRun
from moss_jamf_pipeline.services.reverts import Revert, RevertScope
from moss_jamf_pipeline.services.runs import RunOptions

ROUTER = router("plans")

PlanNumber = Annotated[int, Path(ge=1, le=2**63 - 1, description="The plan's number.")]
ObjectTypeAsked = Annotated[
    str | None, Query(max_length=40, description="Only these objects, e.g. `device`.")
]


class PlanByObject(BaseModel):
    """A page of a plan, object by object."""

    head: PlanHead
    items: tuple[ChangedObject, ...]
    total: int = Field(description="How many objects there are in all pages.")
    next_cursor: str | None = Field(description="Where the next page begins; null: it is the last.")


class ApprovalAsked(BaseModel):
    """What is let through."""

    model_config = ConfigDict(extra="forbid")

    kinds: tuple[GuardKind, ...] = Field(
        default=(), description="Kinds of held changes; none: all that the plan holds."
    )
    reason: str = Field(
        default="", max_length=2000, description="Why it is meant, in the person's words."
    )


class RevertAsked(BaseModel):
    """What is undone."""

    model_config = ConfigDict(extra="forbid")

    object_type: str | None = Field(default=None, max_length=40)
    object_id: UUID | None = None


@ROUTER.get("/plans")
def list_plans(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    page: Annotated[PageRequest, Depends(page_asked)],
) -> Listed[PlanSummary]:
    """Lists plans, newest first, what-ifs among them."""
    return listed(plans.list_plans(workplace, choice, page))


@ROUTER.get("/plans/{plan_id}")
def plan_by_object(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    plan_id: PlanNumber,
    object_type: ObjectTypeAsked = None,
    held: Annotated[GuardKind | None, Query(description="Only what is held as this kind.")] = None,
    action: Annotated[
        str | None, Query(max_length=40, description="Only objects to which this is done.")
    ] = None,
    field: Annotated[
        str | None, Query(max_length=60, description="Only objects of which this field changes.")
    ] = None,
    rule: Annotated[
        str | None,
        Query(max_length=60, description="Only objects of which this rule decided something."),
    ] = None,
    label: Annotated[
        str | None, Query(max_length=200, description="Name of the object; * and ? stand for any.")
    ] = None,
    limit: LimitAsked = 50,
    cursor: CursorAsked = None,
) -> PlanByObject:
    """Shows a plan object by object, with the rule that decided each field."""
    view = plans.show_by_object(
        workplace,
        choice,
        plan_id,
        wanted=ChangeFilter(object_type, held, action, field, rule, label),
        after_row=position_of(cursor),
        limit=limit,
    )
    following = None if view.next_row is None else cursor_at(view.next_row)
    return PlanByObject(head=view.head, items=view.changes, total=view.total, next_cursor=following)


@ROUTER.get("/plans/{plan_id}/by-{view}")
def plan_by(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    plan_id: PlanNumber,
    view: Annotated[Literal["field", "rule"], Path(description="What the plan is summed up by.")],
    object_type: ObjectTypeAsked = None,
) -> FieldView | RuleView:
    """Sums a plan up by the fields it changes, or the rules that decided."""
    if view == "field":
        return plans.show_by_field(workplace, choice, plan_id, object_type=object_type)
    return plans.show_by_rule(workplace, choice, plan_id, object_type=object_type)


@ROUTER.get("/plans/{plan_id}/suppressed")
def suppressed(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    plan_id: PlanNumber,
    page: Annotated[PageRequest, Depends(page_asked)],
    object_type: ObjectTypeAsked = None,
) -> Listed[SuppressedChange]:
    """Lists what JAMF asks for and rules keep from M.O.S.S."""
    return listed(
        plans.list_suppressed(workplace, choice, plan_id, object_type=object_type, page=page)
    )


@ROUTER.get("/plans/{plan_id}/held")
def held(workplace: WorkplaceNeeded, choice: ChoiceNeeded, plan_id: PlanNumber) -> HeldPlan:
    """Shows what the guard holds of a plan, with examples."""
    return approvals.held_of_plan(workplace, choice, plan_id)


@ROUTER.post("/plans/{plan_id}/approve", status_code=HTTPStatus.ACCEPTED)
def approve(
    ordering: OrderingNeeded, plan_id: PlanNumber, asked: ApprovalAsked | None = None
) -> StartedRun:
    """Lets through what the guard holds of a plan, and applies it."""
    how = asked or ApprovalAsked()
    found = approvals.held_of_plan(ordering.workplace, ordering.choice, plan_id, how.kinds)
    options = RunOptions(
        "apply", plan_id=plan_id, approve=found.kinds, approval_reason=how.reason.strip()
    )
    return requested_runs.order(ordering, options)


@ROUTER.post("/plans/{plan_id}/apply", status_code=HTTPStatus.ACCEPTED)
def apply(ordering: OrderingNeeded, plan_id: PlanNumber) -> StartedRun:
    """Applies a plan that was looked at, exactly as it is; what is held stays held."""
    approvals.require_applicable(ordering.workplace, ordering.choice, plan_id)
    return requested_runs.order(ordering, RunOptions("apply", plan_id=plan_id))


@ROUTER.get("/plans/{plan_id}/revert")
def revert_preview(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    plan_id: PlanNumber,
    object_type: ObjectTypeAsked = None,
    object_id: Annotated[UUID | None, Query(description="Only this object.")] = None,
) -> Revert:
    """Shows what undoing a plan would do, and what it would leave and why."""
    return reverts.preview(workplace, choice, plan_id, RevertScope(object_type, object_id))


@ROUTER.post("/plans/{plan_id}/revert", status_code=HTTPStatus.ACCEPTED)
def revert(
    ordering: OrderingNeeded, plan_id: PlanNumber, asked: RevertAsked | None = None
) -> StartedRun:
    """Undoes what a plan wrote and still stands: makes the plan of it, and applies that."""
    what = asked or RevertAsked()
    return reverts.order(ordering, plan_id, RevertScope(what.object_type, what.object_id))
