"""The dashboard: how each integration stands, and what waits for whom."""

from fastapi import Request, Response

from moss_jamf_pipeline.companion.pages.presentation import page
from moss_jamf_pipeline.companion.pages.routing import router
from moss_jamf_pipeline.companion.surroundings import WorkplaceNeeded
from moss_jamf_pipeline.services.status import integration_status

ROUTER = router()


@ROUTER.get("/", name="page_dashboard")
def dashboard(
    request: Request, workplace: WorkplaceNeeded, integration: str | None = None
) -> Response:
    """Shows how things stand."""
    settings = workplace.settings.naming(integration)
    statuses = [integration_status(workplace, choice) for choice in settings.meant]
    return page(request, "dashboard.html", statuses=statuses)
