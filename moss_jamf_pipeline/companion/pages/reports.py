"""Reports that were made after syncs and weekly: which there are, and each as it was made."""

from typing import Annotated

from fastapi import Path, Request, Response
from fastapi.responses import HTMLResponse

from moss_jamf_pipeline.companion.pages.presentation import page
from moss_jamf_pipeline.companion.pages.routing import PageNumber, page_number, router
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.services.reports import making

ROUTER = router()

_PER_PAGE = 30
# Which style it is, the page's own policy says; it may be of an earlier version than this one.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


@ROUTER.get("/reports", name="page_reports")
def list_reports(
    request: Request, workplace: WorkplaceNeeded, choice: ChoiceNeeded, number: PageNumber = 1
) -> Response:
    """Lists reports, newest first."""
    found = making.list_kept(workplace, choice, page_number(number, _PER_PAGE))
    return page(request, "reports.html", reports=found, number=number)


@ROUTER.get("/reports/{report_id}", name="page_report")
def report(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    report_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
) -> Response:
    """Hands out a report as it was made; it carries its own style, and nothing else is let in."""
    found = making.kept_page(workplace, choice, report_id)
    return HTMLResponse(found, headers={"Content-Security-Policy": _POLICY})
