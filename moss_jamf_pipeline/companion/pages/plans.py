"""Plans: which there are, what one changes, what of it is held; and letting through, applying or undoing one."""

import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Depends, Form, Path, Query, Request, Response

from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES
from moss_jamf_pipeline.catalogue.outcomes import Action
from moss_jamf_pipeline.companion.pages.dashboard import OrderingNeeded, to_run
from moss_jamf_pipeline.companion.pages.presentation import page
from moss_jamf_pipeline.companion.pages.routing import PageNumber, Reason, page_number, router
from moss_jamf_pipeline.companion.problems import Refused
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.plan_pages import ChangeFilter
from moss_jamf_pipeline.services import approvals, plans, requested_runs, reverts
from moss_jamf_pipeline.services.reverts import RevertScope
from moss_jamf_pipeline.services.runs import RunOptions
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

ROUTER = router()

_PLANS_PER_PAGE = 25
_PER_PAGE = 30

PlanNumber = Annotated[int, Path(ge=1, le=2**63 - 1)]
View = Literal["changes", "objects", "fields", "rules", "suppressed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a plan is to be shown.

    Attributes:
        view: summed up how.
        wanted: narrowed down to what.
        number: which page, of a list that has numbers.
        after: after which row the page begins, of the objects.
    """

    view: View
    wanted: ChangeFilter
    number: int
    after: int

    @property
    def query(self) -> dict[str, object]:
        """As parameters of the page, without the page's number."""
        wanted = self.wanted
        return {
            "view": self.view,
            "type": wanted.object_type,
            "held": wanted.held,
            "action": wanted.action,
            "field": wanted.field,
            "rule": wanted.rule,
            "label": wanted.label,
        }

    def but(self, **changed: object) -> dict[str, object]:
        """The same with something else in place of it."""
        return {**self.query, **changed}


def _asked(
    view: View = "changes",
    object_type: Annotated[str | None, Query(alias="type", max_length=40)] = None,
    held: GuardKind | Literal[""] | None = None,
    action: Annotated[str | None, Query(max_length=40)] = None,
    field: Annotated[str | None, Query(max_length=60)] = None,
    rule: Annotated[str | None, Query(max_length=60)] = None,
    label: Annotated[str | None, Query(max_length=200)] = None,
    number: PageNumber = 1,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
) -> Asked:
    sought = label.strip() if label else None
    if sought and not set("*?") & set(sought):
        sought = f"*{sought}*"
    wanted = ChangeFilter(
        object_type or None, held or None, action or None, field or None, rule or None, sought
    )
    return Asked(view, wanted, number, after)


@ROUTER.get("/plans", name="page_plans")
def list_plans(
    request: Request, workplace: WorkplaceNeeded, choice: ChoiceNeeded, number: PageNumber = 1
) -> Response:
    """Lists plans, newest first."""
    found = plans.list_plans(workplace, choice, page_number(number, _PLANS_PER_PAGE))
    return page(request, "plans.html", plans=found, number=number)


@ROUTER.get("/plans/{plan_id}", name="page_plan")
def plan(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    plan_id: PlanNumber,
    asked: Annotated[Asked, Depends(_asked)],
) -> Response:
    """Shows a plan: equal changes as one, object by object, by field, by rule, or what rules keep from M.O.S.S."""
    return page(
        request,
        "plan.html",
        asked=asked,
        types=APPLIED_OBJECT_TYPES,
        actions=tuple(Action),
        request_key=uuid.uuid4().hex,
        **_view(workplace, choice, plan_id, asked),
    )


@ROUTER.get("/plans/{plan_id}/held", name="page_held")
def held(
    request: Request, workplace: WorkplaceNeeded, choice: ChoiceNeeded, plan_id: PlanNumber
) -> Response:
    """Shows what the guard holds of a plan, by name, for a person to let through."""
    return page(
        request,
        "held.html",
        held=approvals.held_of_plan(workplace, choice, plan_id),
        head=plans.show_head(workplace, choice, plan_id),
        request_key=uuid.uuid4().hex,
    )


@ROUTER.post("/plans/{plan_id}/approve", name="page_approve")
def approve(
    request: Request,
    ordering: OrderingNeeded,
    plan_id: PlanNumber,
    kinds: Annotated[list[GuardKind] | None, Form()] = None,
    reason: Reason = "",
) -> Response:
    """Lets through what is held of some kinds, and applies it."""
    if not kinds:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "nothing-chosen",
            "No kind of held change was chosen, so nothing was approved.",
            "Go back, and tick what is meant.",
        )
    found = approvals.held_of_plan(ordering.workplace, ordering.choice, plan_id, kinds)
    options = RunOptions(
        "apply", plan_id=plan_id, approve=found.kinds, approval_reason=reason.strip()
    )
    return to_run(request, requested_runs.order(ordering, options).run_id)


@ROUTER.post("/plans/{plan_id}/apply", name="page_apply")
def apply(request: Request, ordering: OrderingNeeded, plan_id: PlanNumber) -> Response:
    """Applies a plan exactly as it is; what is held stays held."""
    approvals.require_applicable(ordering.workplace, ordering.choice, plan_id)
    started = requested_runs.order(ordering, RunOptions("apply", plan_id=plan_id))
    return to_run(request, started.run_id)


@ROUTER.get("/plans/{plan_id}/revert", name="page_revert")
def revert_preview(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    plan_id: PlanNumber,
    object_type: Annotated[str | None, Query(alias="type", max_length=40)] = None,
) -> Response:
    """Shows what undoing a plan would do, and what it would leave and why."""
    return page(
        request,
        "revert.html",
        revert=reverts.preview(workplace, choice, plan_id, RevertScope(object_type or None)),
        head=plans.show_head(workplace, choice, plan_id),
        object_type=object_type or None,
        types=APPLIED_OBJECT_TYPES,
        request_key=uuid.uuid4().hex,
    )


@ROUTER.post("/plans/{plan_id}/revert")
def revert(
    request: Request,
    ordering: OrderingNeeded,
    plan_id: PlanNumber,
    object_type: Annotated[str, Form(alias="type", max_length=40)] = "",
    confirmed: Annotated[bool, Form()] = False,
) -> Response:
    """Undoes what a plan wrote and still stands."""
    if not confirmed:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "not-confirmed",
            "Nothing was undone: it was not confirmed that this is meant.",
            "Go back, read what it would undo, and tick that you have.",
        )
    scope = RevertScope(object_type or None)
    return to_run(request, reverts.order(ordering, plan_id, scope).run_id)


def _view(
    workplace: Workplace, choice: IntegrationChoice, plan_id: int, asked: Asked
) -> dict[str, Any]:
    """One view of a plan, and its head."""
    wanted = asked.wanted
    if asked.view == "objects":
        shown = plans.show_by_object(
            workplace, choice, plan_id, wanted=wanted, after_row=asked.after, limit=_PER_PAGE
        )
        return {"head": shown.head, "shown": shown}
    if asked.view == "fields":
        by_field = plans.show_by_field(workplace, choice, plan_id, object_type=wanted.object_type)
        return {"head": by_field.head, "shown": by_field}
    if asked.view == "rules":
        by_rule = plans.show_by_rule(workplace, choice, plan_id, object_type=wanted.object_type)
        return {"head": by_rule.head, "shown": by_rule}
    pages = page_number(asked.number, _PER_PAGE)
    if asked.view == "suppressed":
        suppressed = plans.list_suppressed(
            workplace, choice, plan_id, object_type=wanted.object_type, page=pages
        )
        head = plans.show_head(workplace, choice, plan_id)
        return {"head": head, "shown": suppressed}
    folded = plans.show_folded(workplace, choice, plan_id, wanted=wanted, page=pages)
    return {"head": folded.head, "shown": folded}
