"""The dashboard: how each integration stands, what waits for whom, what ran, and a button to sync."""

import uuid
from typing import Annotated, Literal

from fastapi import Depends, Form, Query, Request, Response

from moss_jamf_pipeline.companion.identity.callers import Administrator
from moss_jamf_pipeline.companion.pages.presentation import Frame, page
from moss_jamf_pipeline.companion.pages.routing import PageNumber, page_number, router, turned_to
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, StarterNeeded, WorkplaceNeeded
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.moss.capture.cadence import SweepMode
from moss_jamf_pipeline.rendering.charts import history_chart
from moss_jamf_pipeline.services import requested_runs
from moss_jamf_pipeline.services.explanations import ProblemFound, explanation_of
from moss_jamf_pipeline.services.overview import Overview, overview
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.requested_runs import Ordering, RunStarter
from moss_jamf_pipeline.services.runs import RunOptions
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

ROUTER = router()

_RUNS_PER_PAGE = 20


def ordering(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    starter: StarterNeeded,
    administrator: Administrator,
    request_key: Annotated[str | None, Form(max_length=200, pattern=r"^[\x21-\x7e]+$")] = None,
) -> Ordering:
    """What ordering a run takes; a form that is sent twice starts one."""
    return Ordering(
        workplace,
        choice,
        starter,
        administrator.caller,
        administrator.whereabouts,
        request_key,
    )


OrderingNeeded = Annotated[Ordering, Depends(ordering)]


@ROUTER.get("/", name="page_dashboard")
def dashboard(
    request: Request,
    workplace: WorkplaceNeeded,
    starter: StarterNeeded,
    integration: Annotated[str | None, Query(max_length=255)] = None,
    run: Annotated[str | None, Query(max_length=80)] = None,
    number: PageNumber = 1,
) -> Response:
    """Shows how things stand: of one integration in full, of several in brief."""
    choices = workplace.settings.naming(integration).meant
    if len(choices) > 1:
        found = [(choice, *_in_brief(workplace, choice, starter)) for choice in choices]
        return page(request, "overviews.html", found=found)
    shown = overview(workplace, choices[0], starter, page_number(number, _RUNS_PER_PAGE))
    return page(
        request,
        "dashboard.html",
        overview=shown,
        chart=history_chart(shown.runs.items),
        number=number,
        started=run,
        request_key=uuid.uuid4().hex,
    )


@ROUTER.post("/syncs", name="page_sync")
def sync(
    request: Request,
    ordering: OrderingNeeded,
    scope: Annotated[Literal["everything", "plan", "computers", "users", "groups"], Form()],
    sweep: Annotated[SweepMode, Form()] = "auto",
) -> Response:
    """Starts a sync, of everything or a part, or a dry run."""
    started = requested_runs.order(ordering, RunOptions(scope, sweep=sweep))
    return to_run(request, started.run_id)


def to_run(request: Request, run_id: str) -> Response:
    """Leads to where the run that was started can be seen."""
    return turned_to(Frame(request).link("page_dashboard", {"run": run_id}))


def _in_brief(
    workplace: Workplace, choice: IntegrationChoice, starter: RunStarter
) -> tuple[Overview | None, str]:
    """An integration, or what is wrong with it: one that is not there hides none of the others."""
    try:
        return overview(workplace, choice, starter, PageRequest(limit=1)), ""
    except (ProblemFound, *EXPLAINED) as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        return None, f"{explanation.message} {explanation.remedy}".strip()
